//! The built program, called from tests: what it printed, how it left, and a folder of its own. Never what it means.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Where it is, as it is called here.
pub const PATH: &str = env!("CARGO_BIN_EXE_stormglass");

/// What a call of the program told.
#[derive(Debug)]
pub struct Told {
    /// Its exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Told {
    fn of(output: Output) -> Told {
        let text = |bytes| String::from_utf8(bytes).expect("the program speaks UTF-8");
        Told { code: output.status.code().expect("it was not killed"), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The last line of standard output.
    pub fn last_line(&self) -> String {
        self.out.lines().last().unwrap_or_default().to_string()
    }
}

/// Calls the program.
pub fn stormglass(args: &[&str]) -> Told {
    Told::of(command(args).output().expect("the program was built with this test"))
}

/// Calls the program in a folder.
pub fn stormglass_in(folder: &str, args: &[&str]) -> Told {
    Told::of(command(args).current_dir(folder).output().expect("the program was built with this test"))
}

/// Calls the program with a standard output that nobody reads.
pub fn to_nobody(args: &[&str]) -> Told {
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    drop(reader);
    let child = command(args).stdout(writer).stderr(Stdio::piped()).spawn().expect("the program was built with this test");
    Told::of(child.wait_with_output().expect("it ends"))
}

/// Calls the program and interrupts it, as Ctrl-C does, once it has said its first word on standard error.
pub fn interrupted(args: &[&str]) -> Told {
    let mut child = command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program was built with this test");
    let mut first = String::new();
    let mut err = BufReader::new(child.stderr.take().expect("it is piped"));
    err.read_line(&mut first).expect("it says something");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("every Unix has kill");
    assert!(sent.success(), "the program was gone already: {first}");
    err.read_to_string(&mut first).expect("the program speaks UTF-8");
    let mut told = Told::of(child.wait_with_output().expect("it ends"));
    told.err = first;
    told
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(PATH);
    command.args(args).stdin(Stdio::null());
    command
}

/// A folder that is gone after the test.
pub struct Folder(PathBuf);

impl Folder {
    /// A new one.
    pub fn new(name: &str) -> Folder {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the target folder can be written");
        Folder(folder)
    }

    /// The path of a name in it.
    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("the target folder's name is UTF-8").into()
    }

    /// All names in it, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(&self.0).expect("it is there").map(|entry| entry.expect("it can be listed").file_name().to_string_lossy().into()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stands in the target folder, where nobody minds.
        let _ = fs::remove_dir_all(&self.0);
    }
}
