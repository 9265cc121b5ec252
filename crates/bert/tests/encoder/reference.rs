//! What the reference implementation answers: the models in `tests/fixtures`, and `parity/bert` of the shared data.

use std::path::{Path, PathBuf};

use bert::Tokens;
use safetensors::SafeTensors;
use serde_json::Value;

/// A model and what is known of it.
pub struct Reference {
    /// Holds `hf`, and perhaps `hf-bin`.
    pub folder: PathBuf,
    pub cases: Vec<Case>,
    tensors: Vec<u8>,
}

pub struct Case {
    pub ids: Vec<u32>,
    pub segments: Vec<u32>,
}

impl Case {
    pub fn tokens(&self) -> Tokens<'_> {
        Tokens { ids: &self.ids, segments: &self.segments }
    }
}

impl Reference {
    fn read(folder: PathBuf) -> Self {
        let file: Value = serde_json::from_slice(&std::fs::read(folder.join("cases.json")).unwrap()).unwrap();
        let numbers = |case: &Value, field: &str| serde_json::from_value(case[field].clone()).unwrap();
        let cases = file["cases"].as_array().unwrap().iter();
        let cases = cases.map(|case| Case { ids: numbers(case, "ids"), segments: numbers(case, "types") });
        let tensors = std::fs::read(folder.join("expected.safetensors")).unwrap();
        Self { cases: cases.collect(), tensors, folder }
    }

    pub fn name(&self) -> String {
        self.folder.file_name().unwrap().to_string_lossy().into_owned()
    }

    pub fn forms(&self) -> Vec<PathBuf> {
        ["hf", "hf-bin"].map(|form| self.folder.join(form)).into_iter().filter(|form| form.is_dir()).collect()
    }

    /// A tensor of a case, where it was kept.
    pub fn floats(&self, case: usize, name: &str) -> Option<Vec<f32>> {
        let file = SafeTensors::deserialize(&self.tensors).unwrap();
        let tensor = file.tensor(&format!("{case}.{name}")).ok()?;
        let numbers = tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
        Some(numbers.collect())
    }
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The committed models.
pub fn fixtures() -> Vec<Reference> {
    ["token-bert", "sequence-roberta", "masked-roberta"].map(|name| Reference::read(fixture(name))).into()
}

/// The committed models, and the shared ones where they are.
pub fn models() -> Vec<Reference> {
    let shared = std::env::var_os("OSLER_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let mut models = fixtures();
    for name in ["token-uncased", "sequence-cased", "mlm-uncased"] {
        let folder = shared.join("parity/bert").join(name);
        if folder.is_dir() {
            models.push(Reference::read(folder));
        } else {
            assert_ne!(
                std::env::var("CI").as_deref(),
                Ok("true"),
                "parity/bert/{name} not found, and CI skips nothing"
            );
            eprintln!("skipped: parity/bert/{name} not found");
        }
    }
    models
}

pub fn largest_difference(found: &[f32], wanted: &[f32]) -> f32 {
    assert_eq!(found.len(), wanted.len());
    found.iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
