//! Whether the tree is as ARCHITECTURE.md says: which crate knows which, who names a backend of Burn, where `unsafe` is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::report::Outcome;
use crate::workspace::Workspace;

/// The map, and the heading above its table of crates.
const MAP: &str = "ARCHITECTURE.md";
const HEADING: &str = "## Who may know whom";
/// Crates that name Burn's backends: one chooses them, the other implements operations for each.
const NAME_BACKENDS: [&str; 2] = ["devices", "operations"];
const BACKENDS: [&str; 5] = ["burn_wgpu", "burn_flex", "burn_cuda", "burn_ndarray", "burn::backend"];
/// Where `unsafe` may be: processor instructions and uninitialized buffers, memory maps, an allocator that tests count
/// with, and settings of environment and allocator before there is a second thread.
const UNSAFE: [&str; 11] = [
    "crates/kernels/",
    "crates/operations/src/cpu",
    "crates/parameters/src/pack.rs",
    "crates/parameters/src/pages.rs",
    "crates/checkpoints/src/stored.rs",
    "crates/checkpoints/tests/untrusted/allocation.rs",
    "crates/corpus/src/shards.rs",
    "crates/documents/tests/memory.rs",
    "crates/terms/src/container.rs",
    "crates/cli/src/main.rs",
    "training/src/main.rs",
];

/// Lines that a source file may have before its tests.
const MOST_LINES: usize = 400;
/// A table of characters, one a line.
const TABLES: &str = "crates/tokenizer/src/moses/class_ranges.rs";

/// Where code is written by a macro, or only for other processors, so that a lint may or may not fire.
const MACROS: [&str; 6] = [
    "crates/remedies/src/lib.rs",
    "crates/kernels/src/level.rs",
    "crates/kernels/src/matmul/tile/x86.rs",
    "crates/kernels/src/quantized/arm.rs",
    "crates/operations/src/gpu.rs",
    "crates/sessions/src/identifiers.rs",
];

/// Derives code and says nothing of a layer: every crate may know it.
const MACRO: &str = "remedies";

type Arrows = BTreeMap<String, BTreeSet<String>>;

/// Lists everything that is not as the map says.
pub fn structure(workspace: &Workspace) -> Outcome {
    match faults(&workspace.root) {
        Err(why) => Outcome::Failed(why),
        Ok(faults) if faults.is_empty() => Outcome::Passed,
        Ok(faults) => {
            faults.iter().for_each(|fault| println!("{fault}"));
            Outcome::Failed(format!("{} places are not as {MAP} says", faults.len()))
        }
    }
}

fn faults(root: &Path) -> Result<Vec<String>, String> {
    let map = read(&root.join(MAP))?;
    let mut faults = compare(&said(&map)?, &manifests(root)?);
    for file in sources(root) {
        let place = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        faults.extend(of_source(&place, &read(&file)?));
    }
    Ok(faults)
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// The rows of the map's table: a crate, and those that it knows.
fn said(map: &str) -> Result<Arrows, String> {
    let section = map.split(HEADING).nth(1).ok_or(format!("{MAP} has no section {HEADING:?}"))?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let mut arrows = Arrows::new();
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let known: BTreeSet<String> =
            cells.get(1).map(|cell| names(cell)).unwrap_or_default().into_iter().collect();
        for own in names(cells[0]) {
            arrows.insert(own, known.clone());
        }
    }
    if arrows.is_empty() {
        Err(format!("{MAP} has no table of crates below {HEADING:?}"))
    } else {
        Ok(arrows)
    }
}

/// The same by the manifests: dependencies of libraries and programs, not of their tests.
fn manifests(root: &Path) -> Result<Arrows, String> {
    let mut command = Command::new("cargo");
    command.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(root);
    let output = command.output().map_err(|error| format!("cargo metadata: {error}"))?;
    let metadata: Value =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo metadata: {error}"))?;
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    let packages = list(&metadata, "packages");
    let own: BTreeSet<String> = packages.iter().map(name).collect();
    let known = |package: &Value| -> BTreeSet<String> {
        let dependencies = list(package, "dependencies").into_iter();
        dependencies
            .filter(|one| one["kind"].is_null())
            .map(|one| name(&one))
            .filter(|name| own.contains(name) && name != MACRO)
            .collect()
    };
    Ok(packages.iter().map(|package| (name(package), known(package))).collect())
}

fn compare(said: &Arrows, real: &Arrows) -> Vec<String> {
    let mut faults = Vec::new();
    for (own, known) in real {
        let Some(said) = said.get(own) else {
            faults.push(format!("{MAP} does not have the crate `{own}`"));
            continue;
        };
        faults.extend(
            known.difference(said).map(|other| format!("`{own}` knows `{other}`, which {MAP} does not say")),
        );
        faults.extend(
            said.difference(known)
                .map(|other| format!("{MAP} says that `{own}` knows `{other}`: it does not")),
        );
    }
    let gone = said.keys().filter(|name| !real.contains_key(*name));
    faults.extend(gone.map(|name| format!("{MAP} has a crate `{name}` that there is not")));
    faults
}

/// What a source file may not say where it is.
fn of_source(place: &str, text: &str) -> Vec<String> {
    let code = || text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    let at = |number: usize| format!("{place}:{}", number + 1);
    let mut faults = Vec::new();
    if !NAME_BACKENDS.iter().any(|name| place.starts_with(&format!("crates/{name}/"))) {
        let named = code().filter(|(_, line)| BACKENDS.iter().any(|backend| line.contains(backend)));
        faults
            .extend(named.map(|(number, _)| {
                format!("{}: only `devices` and `operations` name a backend", at(number))
            }));
    }
    if !UNSAFE.iter().any(|allowed| place.starts_with(allowed)) {
        let found = code().filter(|(_, line)| line.contains("unsafe {") || line.contains("unsafe fn"));
        faults.extend(found.map(|(number, _)| format!("{}: `unsafe` may not stand here", at(number))));
    }
    let of_product = place.contains("/src/") && !place.ends_with("/tests.rs") && place != TABLES;
    let lines = text.lines().position(|line| line == "#[cfg(test)]").unwrap_or_else(|| text.lines().count());
    if of_product && !MACROS.contains(&place) {
        let allowed = text.lines().take(lines).enumerate();
        let allowed = allowed.filter(|(_, line)| line.contains("#[allow(") || line.contains("#![allow("));
        faults.extend(allowed.map(|(number, _)| {
            format!(
                "{place}:{}: `expect` instead of `allow` finds out when it is no longer needed",
                number + 1
            )
        }));
    }
    if of_product && lines > MOST_LINES {
        faults.push(format!("{place}: {lines} lines, where a source file has at most {MOST_LINES}"));
    }
    faults
}

/// Every file of Rust but this one, which names what it looks for.
fn sources(root: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        ["crates", "training", "src-tauri", "tests"].map(|name| root.join(name)).into();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
        for path in entries {
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs")
                && !path.ends_with("xtask/src/structure.rs")
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# Map\n\n## Who may know whom\n\n| crate | knows |\n|---|---|\n| `kernels`, `terms` | |\n| `operations` | `kernels` |\n\n## Next\n\n| `other` | |\n";

    fn arrows(rows: &[(&str, &[&str])]) -> Arrows {
        rows.iter()
            .map(|(own, known)| ((*own).to_owned(), known.iter().map(|name| (*name).to_owned()).collect()))
            .collect()
    }

    #[test]
    fn the_table_is_read_and_compared_in_both_directions() {
        let said = said(TABLE).unwrap();
        assert_eq!(said, arrows(&[("kernels", &[]), ("terms", &[]), ("operations", &["kernels"])]));
        assert!(compare(&said, &said).is_empty());
        let real = arrows(&[("kernels", &["terms"]), ("operations", &[]), ("new", &[])]);
        let faults = compare(&said, &real);
        assert_eq!(faults.len(), 4, "{faults:?}");
        assert!(super::said("# Map").is_err());
    }

    #[test]
    fn backends_and_unsafe_code_stand_only_where_they_may() {
        let text = "use burn_flex::FlexTensor;\n// unsafe { is only told of }\nunsafe { deed() }\n";
        assert_eq!(of_source("crates/tasks/src/lib.rs", text).len(), 2);
        assert!(of_source("crates/tasks/src/lib.rs", text)[1].contains("lib.rs:3"));
        assert_eq!(of_source("crates/operations/src/cpu.rs", text), Vec::<String>::new());
        assert_eq!(of_source("crates/devices/src/lib.rs", text).len(), 1);
    }

    #[test]
    fn a_lint_is_expected_and_not_allowed_but_in_tests() {
        let text = "#[allow(dead_code)]\nfn it() {}\n#[cfg(test)]\n#[allow(dead_code)]\nmod tests {}\n";
        assert!(of_source("crates/tasks/src/lib.rs", text)[0].contains("lib.rs:1: `expect`"));
        assert_eq!(of_source("crates/tasks/src/lib.rs", text).len(), 1);
        assert_eq!(of_source("crates/kernels/src/level.rs", text), Vec::<String>::new());
    }

    #[test]
    fn long_files_are_named_with_their_lines_before_the_tests() {
        let long = "\n".repeat(MOST_LINES + 1);
        assert!(of_source("crates/tasks/src/lib.rs", &long)[0].contains("401 lines"));
        let tests = format!("fn it() {{}}\n#[cfg(test)]\n{long}");
        assert_eq!(of_source("crates/tasks/src/lib.rs", &tests), Vec::<String>::new());
        assert_eq!(of_source("crates/tasks/tests/all.rs", &long), Vec::<String>::new());
    }

    #[test]
    fn this_checkout_is_as_its_map_says() {
        assert_eq!(faults(&Workspace::of_this_checkout().root).unwrap(), Vec::<String>::new());
    }
}
