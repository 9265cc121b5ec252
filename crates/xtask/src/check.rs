use std::process::{Command, ExitCode};

use crate::report::{Outcome, Report};
use crate::workspace::Workspace;
use crate::{app, commands, structure, system, tools, ui};

/// Every step, cheapest first. The user interface comes before Rust: its checks take seconds, and the desktop app
/// is compiled with the built interface inside.
pub const STEP_NAMES: [&str; 17] = [
    "system",
    "format",
    "structure",
    "spelling",
    "dependencies",
    "ui-packages",
    "ui-lint",
    "ui-types",
    "ui-tests",
    "ui-build",
    "lints",
    "bindings",
    "tests",
    "pipelines",
    "arm",
    "window",
    "cuda",
];

/// Does the steps, all even if one fails, and prints the table.
pub fn check(workspace: &Workspace, only: &[String]) -> ExitCode {
    let report = checked(only, |name| step(workspace, name));
    println!("\n{}", report.table());
    report.exit_code()
}

fn checked(only: &[String], mut step: impl FnMut(&str) -> Outcome) -> Report {
    let mut report = Report::default();
    for name in STEP_NAMES {
        if only.is_empty() || only.iter().any(|wanted| wanted == name) {
            report.step(name, || step(name));
        }
    }
    report
}

fn step(workspace: &Workspace, name: &str) -> Outcome {
    match name {
        "system" => system::packages(workspace),
        "format" => format(workspace),
        "structure" => structure::structure(workspace),
        "spelling" => tools::spelling(workspace),
        "dependencies" => tools::dependencies(workspace),
        "ui-packages" => ui::packages(workspace),
        "ui-lint" => ui::script(workspace, "lint"),
        "ui-types" => ui::script(workspace, "types"),
        "ui-tests" => ui::script(workspace, "test"),
        "ui-build" => ui::script(workspace, "build"),
        "lints" => {
            over_workspace(workspace, &["clippy", "--locked", "--all-targets"], &["--", "--deny", "warnings"])
        }
        "bindings" => app::check_bindings(workspace),
        "window" => app::window(workspace),
        // One process a test program, as cargo runs them: warming a GPU up takes half a minute in each.
        "tests" => over_workspace(workspace, &["test", "--locked", "--no-fail-fast"], &[]),
        "pipelines" => tools::pipelines(workspace),
        "arm" => arm(workspace),
        "cuda" => cuda(workspace),
        other => Outcome::Failed(format!("there is no step `{other}`")),
    }
}

/// Names the files that `cargo fmt` would change; the changes themselves would flood the terminal.
fn format(workspace: &Workspace) -> Outcome {
    match commands::run(cargo(workspace).args(["fmt", "--all", "--", "--check", "--files-with-diff"])) {
        Outcome::Failed(_) => Outcome::Failed("these files are not formatted: `cargo fmt --all`".to_owned()),
        passed => passed,
    }
}

/// Cargo over all packages, without the desktop app where its libraries are missing.
fn over_workspace(workspace: &Workspace, before: &[&str], after: &[&str]) -> Outcome {
    let left_out = workspace.app().filter(|_| !system::can_build_window());
    let mut command = cargo(workspace);
    command.args(before).arg("--workspace");
    if let Some(app) = &left_out {
        command.args(["--exclude", app]);
    }
    // Searching for the fastest GPU kernel is worth nothing on models for tests.
    command.args(after).env("CUBECL_AUTOTUNE_LEVEL", "minimal");
    if std::env::var_os("CI").is_some() {
        // One commit, one verdict: new random cases are for those who can look at what they find.
        command.env("PROPTEST_RNG_SEED", "1");
    }
    match (commands::run(&mut command), left_out) {
        (Outcome::Passed, Some(app)) => {
            Outcome::PassedInPart(format!("without `{app}`: WebKitGTK 4.1 is not installed"))
        }
        (outcome, _) => outcome,
    }
}

/// Lints and tests of the kernels for 64-bit Arm, whose instructions are others, under an emulator. With the library and
/// the linker that come with Rust, so that no other compiler has to be installed.
fn arm(workspace: &Workspace) -> Outcome {
    const TARGET: &str = "aarch64-unknown-linux-musl";
    const EMULATOR: &str = "qemu-aarch64";
    if cfg!(target_arch = "aarch64") {
        return Outcome::Skipped("this is such a machine: `tests` had them".to_owned());
    }
    if !commands::responds(EMULATOR) {
        return Outcome::Skipped(format!(
            "there is no `{EMULATOR}`: install the equal of Debian's qemu-user"
        ));
    }
    let added = Command::new("rustup").current_dir(&workspace.root).args(["target", "add", TARGET]).status();
    if !added.is_ok_and(|status| status.success()) {
        return Outcome::Skipped(format!("Rust's library for Arm is missing: `rustup target add {TARGET}`"));
    }
    let over_kernels = |before: &[&str], after: &[&str]| {
        let mut command = cargo(workspace);
        command.args(before).args(["--locked", "--package", "kernels", "--target", TARGET]).args(after);
        let variable =
            |name: &str| format!("CARGO_TARGET_{}_{name}", TARGET.to_uppercase().replace('-', "_"));
        commands::run(command.env(variable("LINKER"), "rust-lld").env(variable("RUNNER"), EMULATOR))
    };
    match over_kernels(&["clippy", "--all-targets"], &["--", "--deny", "warnings"]) {
        Outcome::Passed => over_kernels(&["test"], &[]),
        failed => failed,
    }
}

/// Whether training on CUDA compiles; it cannot run where this is checked. In a folder of its own: `DOCS_RS`, which leaves
/// out a compiler that is only downloaded where it is used, would make Cargo build shared packages anew each time.
fn cuda(workspace: &Workspace) -> Outcome {
    let mut command = cargo(workspace);
    command.args(["check", "--locked", "--package", "training", "--features", "cuda"]);
    commands::run(command.env("DOCS_RS", "1").env("CARGO_TARGET_DIR", workspace.target.join("cuda")))
}

/// Cargo in the checkout, with one build folder shared between clones.
pub fn cargo(workspace: &Workspace) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&workspace.root).env("CARGO_TARGET_DIR", &workspace.target);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_steps_are_done_in_order_even_after_a_failure() {
        let mut done = Vec::new();
        let report = checked(&[], |name| {
            done.push(name.to_owned());
            if name == "format" { Outcome::Failed("differs".to_owned()) } else { Outcome::Passed }
        });
        assert_eq!(done, STEP_NAMES);
        assert!(report.failed());
    }

    #[test]
    fn named_steps_are_done_alone_and_in_the_order_of_cost() {
        let mut done = Vec::new();
        let only = ["tests".to_owned(), "format".to_owned()];
        let report = checked(&only, |name| {
            done.push(name.to_owned());
            Outcome::Passed
        });
        assert_eq!(done, ["format", "tests"]);
        assert!(!report.failed());
    }

    #[test]
    fn a_small_house_is_formatted_linted_and_tested() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::empty(folder.path());
        let write = |path: &str, content: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        };
        write("Cargo.toml", "[package]\nname = \"small\"\nedition = \"2024\"\n");
        write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"small\"\nversion = \"0.0.0\"\n");
        write("src/lib.rs", "//! Small.\n\n#[test]\nfn holds() {\n    assert_eq!(2 + 2, 4);\n}\n");
        let results = || ["format", "lints", "tests"].map(|name| step(&workspace, name) == Outcome::Passed);
        assert_eq!(results(), [true, true, true]);
        write("src/lib.rs", "//! Small.\n\n#[test]\nfn holds() {\n    assert_eq!(2 + 2, 5);\n}\n");
        assert_eq!(results(), [true, true, false]);
        write("src/lib.rs", "//! Small.\npub   fn unused() -> i32 { return 4; }\n");
        assert_eq!(results(), [false, false, true]);
    }
}
