//! Paths: what makes one valid for a write, and how to take one apart (ZooKeeper's PathUtils). Never a look at a tree.

use zookeeper_words::service::{ErrorCode, Path};

/// Whether a write may name `path`: it starts with `/`, has no empty, `.` or `..` component, no trailing `/`, and no
/// character that ZooKeeper refuses.
pub fn validate(path: &str) -> Result<(), ErrorCode> {
    let refused = |c: char| matches!(c as u32, 0..=0x1f | 0x7f..=0x9f | 0xd800..=0xf8ff | 0xfff0..=0xffff | 0x1_0000..);
    let valid =
        path == "/" || path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.chars().any(refused));
    if valid { Ok(()) } else { Err(ErrorCode::BadArguments) }
}

/// The path of the node above; the root has none, nor has what does not start with `/`.
pub fn parent(path: &str) -> Option<&str> {
    match path.rfind('/')? {
        _ if path == "/" => None,
        0 => Some("/"),
        slash => Some(&path[..slash]),
    }
}

/// The last component.
pub fn name(path: &str) -> &str {
    path.rfind('/').map_or(path, |slash| &path[slash + 1..])
}

/// A sequential node's path: ten digits of the parent's create counter, with a sign if it is negative.
pub fn sequential(path: &str, counter: i32) -> Path {
    format!("{path}{counter:010}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_valid_as_zookeeper_says() {
        let check = |path: &str, valid: bool| assert_eq!(validate(path).is_ok(), valid, "{path:?}");
        check("/", true);
        check("/a", true);
        check("/a/b-c_d.e", true);
        check("/...", true);
        check("/..a", true);
        check("/é", true);
        check("", false);
        check("a", false);
        check("/a/", false);
        check("//a", false);
        check("/a//b", false);
        check("/a/.", false);
        check("/../a", false);
        check("/a\0", false);
        check("/a\u{7f}", false);
        check("/\u{e000}", false);
        check("/\u{1f600}", false); // Two surrogates on ZooKeeper's side.
        check("/\u{fff0}", false);
    }

    #[test]
    fn paths_come_apart() {
        let check = |path: &str, above: Option<&str>, last: &str| assert_eq!((parent(path), name(path)), (above, last), "{path}");
        check("/", None, "");
        check("/a", Some("/"), "a");
        check("/a/b", Some("/a"), "b");
        check("a", None, "a");
    }

    #[test]
    fn a_sequence_number_has_ten_digits() {
        assert_eq!(&*sequential("/q/n-", 7), "/q/n-0000000007");
        assert_eq!(&*sequential("/q/", i32::MAX), "/q/2147483647");
    }
}
