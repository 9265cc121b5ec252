//! Other programs.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use crate::report::Outcome;

/// Shows a command, runs it with its output on the terminal, and says how it ended.
pub fn run(command: &mut Command) -> Outcome {
    println!("$ {}", shown(command));
    if cfg!(test) {
        // Tests run commands that fail on purpose; their words would look like failures of the tests.
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    match command.status() {
        Ok(status) if status.success() => Outcome::Passed,
        Ok(status) => Outcome::Failed(format!("{} ended with {status}", program(command))),
        Err(error) => Outcome::Failed(format!("{} could not be started: {error}", program(command))),
    }
}

/// Whether a command can be started and succeeds; its output is not shown.
pub fn succeeds(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// What a command prints, or nothing if it fails.
pub fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// Whether a program is installed.
pub fn responds(program: impl AsRef<OsStr>) -> bool {
    succeeds(Command::new(program).arg("--version"))
}

fn program(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_failure_and_absence_are_told_apart() {
        assert_eq!(run(Command::new("cargo").arg("--version")), Outcome::Passed);
        assert!(matches!(run(Command::new("cargo").arg("no-such-command")), Outcome::Failed(_)));
        match run(&mut Command::new("no-such-program-anywhere")) {
            Outcome::Failed(note) => assert!(note.contains("could not be started"), "{note}"),
            other => panic!("{other:?}"),
        }
        assert!(responds("cargo") && !responds("no-such-program-anywhere"));
        assert!(output(Command::new("cargo").arg("--version")).starts_with("cargo "));
    }
}
