//! What the blob store answers, in a table.

use contract::process::Process;
use outside_words::fact::Author;
use outside_words::ids::LeaderId;
use outside_words::message::{Answer, Ask};

use super::stage::Stage;
use crate::{BlobProcess, Blobs, Core};

const BY: Author = Author::Leader(LeaderId(1));

pub(super) fn put(name: &str, bytes: &[u8]) -> Ask {
    Ask::Put { name: name.into(), bytes: bytes.into(), by: BY }
}

pub(super) fn get(name: &str) -> Ask {
    Ask::Get { name: name.into(), by: BY }
}

pub(super) fn delete(name: &str) -> Ask {
    Ask::Delete { name: name.into(), by: BY }
}

#[test]
fn names_are_written_once() {
    let check = |asks: &[Ask], answer: Answer| {
        let mut stage = Stage::new(BlobProcess::new(), 1);
        let answers: Vec<Answer> = asks.iter().map(|ask| stage.answer(0, ask.clone())).collect();
        assert_eq!(answers.last(), Some(&answer), "{asks:?}");
        // The next life knows it all.
        let before = stage.service.core().clone();
        stage.crash(Some((0, false, false)));
        while stage.go(0) {}
        assert_eq!(*stage.service.core(), before, "{asks:?}");
    };
    check(&[put("a", b"1")], Answer::Done);
    check(&[put("a", b"1"), put("a", b"1")], Answer::Done);
    check(&[put("a", b"1"), put("a", b"2")], Answer::Conflict);
    check(&[get("a")], Answer::Blob(None));
    check(&[put("a", b"1"), get("a")], Answer::Blob(Some(b"1"[..].into())));
    check(&[put("a", b"1"), delete("a"), get("a")], Answer::Blob(None));
    check(&[delete("a"), delete("a")], Answer::Done);
    check(&[put("a", b"1"), delete("a"), put("a", b"1")], Answer::Conflict); // What comes late does not come back.
    check(&[delete("a"), put("a", b"1")], Answer::Conflict); // Nor what comes later than its deletion.
    let list = [put("c/2", b"2"), put("c/1", b"1"), put("c/3", b"3"), put("d", b"4"), put("b", b"5"), delete("c/3")];
    check(&[&list[..], &[Ask::List { prefix: "c/".into() }]].concat(), Answer::Names(vec!["c/1".into(), "c/2".into()]));
    check(&[&list[..], &[Ask::List { prefix: "e".into() }]].concat(), Answer::Names(vec![]));
}

#[test]
fn a_long_file_is_written_anew() {
    let mut stage = Stage::new(BlobProcess::new(), 1);
    for number in 0..100u8 {
        let name = format!("blob-{number}");
        assert_eq!(stage.answer(0, put(&name, &[number; 10_000])), Answer::Done);
        assert_eq!(stage.answer(0, delete(&name)), Answer::Done);
    }
    let look = stage.service.look();
    let (_, file) = look.iter().find(|(name, _)| *name == "file").expect("it shows its file");
    let bytes: u64 = file.split(' ').next().and_then(|bytes| bytes.parse().ok()).expect("bytes come first");
    assert!(bytes < 300_000, "{file}");
    stage.crash(Some((0, false, true)));
    assert_eq!(stage.answer(0, get("blob-7")), Answer::Blob(None));
    assert_eq!(stage.answer(0, put("blob-7", b"x")), Answer::Conflict);
    stage.service.core().check().expect("it is consistent");
    assert_ne!(*stage.service.core(), Blobs::default());
}
