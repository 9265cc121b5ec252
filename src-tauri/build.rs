//! Prepares what Tauri compiles into the app: its configuration, its permissions, the built user interface.

use std::fs;
use std::path::Path;

/// What the window shows if the app was built before its user interface.
const PLACEHOLDER: &str = "<!doctype html><title>Osler</title>\
    <p>This Osler was built without its user interface. Build it with <code>cargo xtask run</code>.</p>";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Tauri refuses to compile without the folder; `cargo check` and `cargo test` should work without Node.js.
    let interface = Path::new("../ui/dist");
    if !interface.join("index.html").exists() {
        fs::create_dir_all(interface)?;
        fs::write(interface.join("index.html"), PLACEHOLDER)?;
    }
    println!("cargo:rerun-if-changed=../ui/dist");
    tauri_build::try_build(tauri_build::Attributes::new())?;
    Ok(())
}
