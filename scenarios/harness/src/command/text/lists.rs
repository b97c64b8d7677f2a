//! Lists and tables: a name first, everything else in columns beside it. Never more than a reader asked for.

/// Rows of a name and a text, the texts below each other.
pub fn columns(rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(name, text)| format!("{name:<width$}  {text}\n")).collect()
}

/// Rows under their heads: names to the left, numbers to the right.
pub fn table<const N: usize>(heads: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = std::iter::once(heads.map(String::from)).chain(rows).collect();
    let widths: [usize; N] = std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).enumerate();
        cells.map(|(column, (cell, width))| if column == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") }).collect::<String>() + "\n"
    };
    rows.iter().map(line).collect()
}
