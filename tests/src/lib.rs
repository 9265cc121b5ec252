//! `osler-cli` as a user runs it: a home of its own, the models and dictionaries of this checkout, files in a folder.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "what fails here fails the test that asked for it"
)]

mod encoders;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use checkpoints::{Config, Dtype, HuggingFaceWriter};
use serde_json::Value;
use tempfile::TempDir;
use tokenizer::Tokenizer;

pub use encoders::{KnownHead, KnownWords};

/// Somebody at a terminal, in a folder of their own.
#[derive(Debug)]
pub struct User {
    folder: TempDir,
    program: &'static str,
}

impl User {
    /// A user of this program, with the files of `tests/fixtures` in front of them.
    #[must_use]
    pub fn of(program: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&checkout().join("tests/fixtures"), folder.path());
        Self { folder, program }
    }

    /// A file or folder of theirs.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a file of theirs holds.
    #[must_use]
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Writes a file of theirs.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// `osler-cli` with these arguments, to be run in their folder. It computes on the processor, as everywhere.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("OSLER_HOME", self.path("home"))
            .env("OSLER_MODELS", checkout().join("models"))
            .env("USER", "ada")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Standard output of a command that succeeds.
    #[must_use]
    pub fn output(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "osler-cli {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The objects of a command with `--json` that succeeds.
    #[must_use]
    pub fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.output(arguments);
        let line = |line: &str| -> Value {
            let value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {line}"));
            assert!(matches!(value, Value::Object(_)), "{arguments:?}: {line}");
            value
        };
        output.lines().map(line).collect()
    }

    /// What a command that fails says last. It says so with exit code 1, or 2 for a wrong command line.
    #[must_use]
    pub fn complaint(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(matches!(output.status.code(), Some(1 | 2)), "osler-cli {arguments:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

/// The checkout that is tested.
#[must_use]
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A folder or file of the data that is not in the checkout, where the machine has it.
#[must_use]
pub fn shared(what: &str) -> Option<PathBuf> {
    let root = std::env::var_os("OSLER_SHARED").map_or_else(|| checkout().join("../shared"), PathBuf::from);
    let path = root.join(what);
    if path.exists() {
        return Some(path);
    }
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "{} not found, and CI skips nothing",
        path.display()
    );
    eprintln!("skipped: {} not found", path.display());
    None
}

/// Writes a small model as one would download it: Hugging Face's form, with the vocabulary of the starter.
pub fn write_published_model(folder: &Path) {
    let tokenizer = Tokenizer::from_dir(&checkout().join("models/starter")).unwrap();
    let config = Config { vocab_size: tokenizer.vocab_size(), ..Config::tiny() };
    let mut writer = HuggingFaceWriter::create(folder, &config, Dtype::F32).unwrap();
    for tensor in checkpoints::canonical_tensors(&config) {
        let count = tensor.shape.iter().product();
        let values: Vec<f32> = (0..count).map(|place: usize| (place % 7) as f32 / 100.0).collect();
        writer.write(&tensor.name, &values).unwrap();
    }
    writer.finish().unwrap();
    tokenizer.save_hugging_face(folder, config.max_positions).unwrap();
}

/// Writes a very small encoder as one would download it: one of those that the tests of `bert` are made with.
pub fn write_published_encoder(folder: &Path, name: &str) {
    copy(&checkout().join("crates/bert/tests/fixtures").join(name).join("hf"), folder);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
