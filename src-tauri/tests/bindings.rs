//! The TypeScript side of the commands and of the types that they speak of is generated, committed, and compared here.

use std::path::Path;

use specta_typescript::Typescript;

const HEADER: &str = "// Generated from the commands of src-tauri and the wire types of crates/workbench by `cargo xtask bindings`: do not edit.\n";

#[test]
fn the_window_knows_the_commands_and_types_of_the_shell() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/host/bindings.ts");
    let folder = tempfile::tempdir().unwrap();
    let fresh = folder.path().join("bindings.ts");
    osler_shell::builder().export(Typescript::default().header(HEADER), &fresh).unwrap();
    let fresh = std::fs::read_to_string(fresh).unwrap();
    if std::env::var_os("OSLER_WRITE_BINDINGS").is_some() {
        std::fs::write(&committed, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(committed).unwrap_or_default();
    let drifted = fresh.lines().zip(committed.lines()).find(|(fresh, committed)| fresh != committed);
    assert!(
        committed == fresh,
        "ui/src/host/bindings.ts is old, from {drifted:?} on: `cargo xtask bindings`"
    );
}
