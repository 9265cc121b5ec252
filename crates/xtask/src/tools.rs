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

/// The workflow for all of PubMed over small files, undisturbed and killed in the middle. The step `tests` has built the program.
pub fn pipelines(workspace: &Workspace) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Outcome::Skipped("the workflow is run on Linux only".to_owned());
    }
    let requirements = workspace.root.join("pipelines/pubmed/requirements.txt");
    let package = match std::fs::read_to_string(&requirements) {
        Ok(package) => package.trim().to_owned(),
        Err(error) => return Outcome::Failed(format!("{}: {error}", requirements.display())),
    };
    let snakemake = match from_pypi(workspace, "snakemake", &package) {
        Ok(snakemake) => snakemake,
        Err(why) => return Outcome::Skipped(format!("{why}: `pip install {package}`")),
    };
    let mut check = Command::new("python3");
    check.current_dir(&workspace.root).arg("pipelines/pubmed/trial/check.py");
    check.args([workspace.target.join("debug/osler-cli"), snakemake, workspace.root.join("models")]);
    commands::run(&mut check)
}

/// The installed `typos`, or one of our own in the cache folder.
fn typos(workspace: &Workspace) -> Result<PathBuf, String> {
    if commands::responds("typos") {
        return Ok("typos".into());
    }
    from_pypi(workspace, "typos", &format!("typos=={TYPOS_VERSION}"))
        .map_err(|why| format!("{why}: `cargo install typos-cli`"))
}

/// A program of a package of PyPI, in an environment of its own in the cache folder.
fn from_pypi(workspace: &Workspace, name: &str, package: &str) -> Result<PathBuf, String> {
    let environment = workspace.cache.join("tools").join(package.replace("==", "-"));
    let programs = environment.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let program = programs.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if commands::responds(&program) {
        return Ok(program);
    }
    let python = ["python3", "python"].into_iter().find(|python| commands::responds(python));
    let Some(python) = python else {
        return Err(format!("neither {name} nor Python is installed"));
    };
    let made = commands::run(Command::new(python).args(["-m", "venv"]).arg(&environment));
    let install = ["-m", "pip", "install", "--quiet", package];
    let installed = made == Outcome::Passed
        && commands::run(Command::new(programs.join("python")).args(install)) == Outcome::Passed;
    if installed && commands::responds(&program) {
        Ok(program)
    } else {
        Err(format!("{name} could not be installed with pip"))
    }
}
