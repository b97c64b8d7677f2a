//! Znode paths: which of them ZooKeeper accepts in a write (PathUtils.validatePath), and what a path's parent is; never whether a node is there.

/// Whether a write may name this path. Surrogate pairs count as invalid, as ZooKeeper sees them one half at a time.
pub fn is_valid(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    if rest.is_empty() {
        return true;
    }
    rest.split('/').all(|name| !matches!(name, "" | "." | "..")) && path.chars().all(is_allowed)
}

/// Whether PathUtils lets this character stand in a path.
fn is_allowed(c: char) -> bool {
    !matches!(c, '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..)
}

/// What stands before the last slash, `/` for nothing; `None` for a path without a slash or with a NUL, which no write gets past.
pub fn parent(path: &str) -> Option<&str> {
    if path.contains('\0') {
        return None;
    }
    let slash = path.rfind('/')?;
    Some(if slash == 0 { "/" } else { &path[..slash] })
}

/// The paths above a valid path, the nearest first, up to the root.
pub fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| if *path == "/" { None } else { parent(path) }).skip(1)
}

/// The name after the last slash.
pub fn name(path: &str) -> &str {
    path.rfind('/').map_or(path, |slash| &path[slash + 1..])
}

/// The path under which a node is kept: the root answers to the empty path too.
pub fn key(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

/// A sequential create's path: the parent's create counter in ten digits, or a sign and as many digits as it takes.
pub fn sequential(path: &str, counter: i32) -> String {
    format!("{path}{counter:010}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_paths_are_those_of_zookeeper() {
        let check = |path: &str, valid: bool| assert_eq!(is_valid(path), valid, "{path:?}");
        check("/", true);
        check("/a/b", true);
        check("/...", true);
        check("/..a", true);
        check("/\u{d7ff}", true); // The last character below the surrogates.
        check("", false);
        check("a", false);
        check("/a/", false);
        check("/a//b", false);
        check("/a/../b", false);
        check("/.", false);
        check("/\u{1f}", false);
        check("/\u{80}", false);
        check("/\u{e000}", false);
        check("/\u{f900}", true);
        check("/\u{fff0}", false);
        check("/\u{1f600}", false); // Astral: two surrogates to ZooKeeper.
    }

    #[test]
    fn parents_and_names() {
        let check = |path: &str, up: Option<&str>, last: &str| assert_eq!((parent(path), name(path)), (up, last), "{path:?}");
        check("/a", Some("/"), "a");
        check("/a/b", Some("/a"), "b");
        check("/a/", Some("/a"), "");
        check("//a", Some("/"), "a");
        check("a", None, "a");
        check("/\0", None, "\0");
        assert_eq!(ancestors("/a/b").collect::<Vec<_>>(), ["/a", "/"]);
        assert_eq!(ancestors("/").count(), 0);
    }
}
