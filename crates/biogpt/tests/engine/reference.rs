//! What the reference implementation answers: `parity/models` of the shared data, described in `parity/README.md`.

use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde::Deserialize;

/// A model and what is known of it.
pub struct Reference {
    pub folder: PathBuf,
    pub cases: Vec<Case>,
    pub padded_batch: PaddedBatch,
    pub processors: Vec<Processors>,
    /// `expected.safetensors`
    tensors: Vec<u8>,
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
    padded_batch: PaddedBatch,
    processors_on_case_0_last_row: Vec<Processors>,
}

#[derive(Deserialize)]
pub struct Case {
    pub id: usize,
    pub ids: Vec<u32>,
    pub greedy: Option<Greedy>,
    #[serde(default)]
    pub beam: Vec<Beam>,
}

#[derive(Deserialize)]
pub struct Greedy {
    pub max_length: usize,
    pub ids: Vec<u32>,
    pub logprobs: Vec<f32>,
}

#[derive(Deserialize)]
pub struct Beam {
    pub num_beams: usize,
    pub length_penalty: f32,
    pub early_stopping: bool,
    pub min_length: usize,
    pub max_length: usize,
    pub sequences: Vec<Vec<u32>>,
    pub scores: Vec<f32>,
}

#[derive(Deserialize)]
pub struct PaddedBatch {
    pub case_ids: Vec<usize>,
    pub max_new_tokens: usize,
    /// Filled up with `<pad>` behind `</s>`.
    pub ids: Vec<Vec<u32>>,
}

#[derive(Deserialize)]
pub struct Processors {
    #[serde(default = "one")]
    pub temperature: f32,
    #[serde(default)]
    pub top_k: usize,
    #[serde(default = "one")]
    pub top_p: f32,
    #[serde(default = "one")]
    pub repetition_penalty: f32,
    pub kept: usize,
    pub probs: std::collections::BTreeMap<u32, f32>,
}

fn one() -> f32 {
    1.0
}

/// The forms in which every model is published.
pub const FORMS: [&str; 3] = ["hf", "hf-bin", "fairseq"];

/// All models, if they are at hand.
pub fn models() -> Vec<Reference> {
    let shared = std::env::var_os("OSLER_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let Ok(entries) = std::fs::read_dir(shared.join("parity/models")) else {
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "parity/models not found, and CI skips nothing"
        );
        eprintln!("skipped: the reference models (parity/models) were not found");
        return Vec::new();
    };
    let mut found: Vec<_> = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.is_dir()).collect();
    found.sort();
    found.into_iter().map(Reference::read).collect()
}

impl Reference {
    fn read(folder: PathBuf) -> Self {
        let file: File = serde_json::from_slice(&std::fs::read(folder.join("cases.json")).unwrap()).unwrap();
        let tensors = std::fs::read(folder.join("expected.safetensors")).unwrap();
        Self {
            folder,
            cases: file.cases,
            padded_batch: file.padded_batch,
            processors: file.processors_on_case_0_last_row,
            tensors,
        }
    }

    pub fn name(&self) -> String {
        self.folder.file_name().unwrap().to_string_lossy().into_owned()
    }

    /// `hidden` (`[T, d]`) or `logits` (`[T, V]`) of a case.
    pub fn floats(&self, case: usize, what: &str) -> Vec<f32> {
        let tensors = SafeTensors::deserialize(&self.tensors).unwrap();
        let view = tensors.tensor(&format!("{case}.{what}")).unwrap();
        view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
    }
}

/// The largest difference, or infinity if there are not equally many.
pub fn largest_difference(found: &[f32], wanted: &[f32]) -> f32 {
    if found.len() != wanted.len() {
        return f32::INFINITY;
    }
    found.iter().zip(wanted).map(|(f, w)| (f - w).abs()).fold(0.0, f32::max)
}
