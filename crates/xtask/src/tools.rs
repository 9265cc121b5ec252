//! Checkers that are not part of Rust's own tool chain.

use std::path::PathBuf;
use std::process::Command;

use crate::commands;
use crate::report::Outcome;
use crate::workspace::Workspace;

/// Of the spelling checker, as published on PyPI.
const TYPOS_VERSION: &str = "1.52.0";

/// Spelling of everything in the checkout; `typos.toml` knows the field's words.
pub fn spelling(workspace: &Workspace) -> Outcome {
    match typos(workspace) {
        Ok(typos) => commands::run(Command::new(typos).current_dir(&workspace.root)),
        Err(why) => Outcome::Skipped(why),
    }
}

/// Licences, banned crates and sources of every dependency, without the network; `deny.toml` holds the rules.
pub fn dependencies(workspace: &Workspace) -> Outcome {
    if !commands::succeeds(Command::new("cargo").args(["deny", "--version"])) {
        return Outcome::Skipped(
            "cargo-deny is not installed: `cargo install --locked cargo-deny`".to_owned(),
        );
    }
    let mut deny = Command::new("cargo");
    deny.args(["deny", "--offline", "--locked", "check", "licenses", "bans", "sources"]);
    commands::run(deny.current_dir(&workspace.root))
}

/// The installed `typos`, or one of our own in the cache folder.
fn typos(workspace: &Workspace) -> Result<PathBuf, String> {
    if commands::responds("typos") {
        return Ok("typos".into());
    }
    let environment = workspace.cache.join("tools").join(format!("typos-{TYPOS_VERSION}"));
    let programs = environment.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let typos = programs.join(format!("typos{}", std::env::consts::EXE_SUFFIX));
    if commands::responds(&typos) {
        return Ok(typos);
    }
    let python = ["python3", "python"].into_iter().find(|python| commands::responds(python));
    let by_hand = "`cargo install typos-cli`";
    let Some(python) = python else {
        return Err(format!("neither typos nor Python is installed: {by_hand}"));
    };
    let made = commands::run(Command::new(python).args(["-m", "venv"]).arg(&environment));
    let package = format!("typos=={TYPOS_VERSION}");
    let installed = made == Outcome::Passed
        && commands::run(
            Command::new(programs.join("python")).args(["-m", "pip", "install", "--quiet", &package]),
        ) == Outcome::Passed;
    if installed && commands::responds(&typos) {
        Ok(typos)
    } else {
        Err(format!("typos could not be installed with pip: {by_hand}"))
    }
}
