use std::fmt::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How a step ended. Notes are for people: what was left out and why, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    /// Passed, but not over everything.
    PassedInPart(String),
    /// Could not be done here; no failure.
    Skipped(String),
    Failed(String),
}

/// What was done so far, for the table at the end.
#[derive(Debug, Default)]
pub struct Report {
    lines: Vec<(&'static str, Outcome, Duration)>,
}

impl Report {
    /// Does one step and notes how it ended and how long it took.
    pub fn step(&mut self, name: &'static str, work: impl FnOnce() -> Outcome) {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = work();
        self.lines.push((name, outcome, start.elapsed()));
    }

    pub fn failed(&self) -> bool {
        self.lines.iter().any(|(_, outcome, _)| matches!(outcome, Outcome::Failed(_)))
    }

    pub fn exit_code(&self) -> ExitCode {
        if self.failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    /// One line a step: name, how it ended, seconds, note.
    pub fn table(&self) -> String {
        let mut table = format!("{:<12} {:<8} {:>8}  note\n", "step", "result", "seconds");
        for (name, outcome, time) in &self.lines {
            let (result, note) = match outcome {
                Outcome::Passed => ("passed", ""),
                Outcome::PassedInPart(note) => ("passed", note.as_str()),
                Outcome::Skipped(note) => ("skipped", note.as_str()),
                Outcome::Failed(note) => ("FAILED", note.as_str()),
            };
            // Writing to a string does not fail.
            let _ = writeln!(table, "{name:<12} {result:<8} {:>8.1}  {note}", time.as_secs_f64());
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_fails_the_whole_and_every_step_has_its_line() {
        let mut report = Report::default();
        report.step("format", || Outcome::Passed);
        report.step("spelling", || Outcome::Skipped("no Python".to_owned()));
        assert!(!report.failed());
        report.step("tests", || Outcome::Failed("exit code 101".to_owned()));
        assert!(report.failed());
        let table = report.table();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[1].starts_with("format       passed        0.0"), "{table}");
        assert!(lines[2].contains("skipped") && lines[2].ends_with("no Python"), "{table}");
        assert!(lines[3].contains("FAILED") && lines[3].ends_with("exit code 101"), "{table}");
    }
}
