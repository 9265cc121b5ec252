use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::bert::BertConfig;
use crate::config::{Config, ConfigError, fairseq, hugging_face};
use crate::error::CheckpointError;
use crate::folder::{self, Found};
use crate::names::{self, Matched, Named, Table, TensorSpec};
use crate::report::LoadReport;
use crate::stored::{ElementType, StoredTensor, WeightFile};
use crate::tensor::{Dtype, TensorView, first_not_finite};
use crate::{safetensors, torch};

/// Who wrote a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A folder of the Hugging Face hub.
    HuggingFace,
    /// A checkpoint of fairseq, as the authors of BioGPT publish them.
    Fairseq,
}

/// An opened checkpoint: its configuration, and its tensors by canonical name, read when asked for.
///
/// The configuration decides the architecture: [`Config`] BioGPT's, [`crate::BertConfig`] an encoder's.
#[derive(Debug)]
pub struct Checkpoint<C = Config> {
    path: PathBuf,
    form: Form,
    config: C,
    files: Vec<WeightFile>,
    tensors: BTreeMap<String, Named>,
    order: Vec<TensorSpec>,
    report: LoadReport,
}

impl Checkpoint<Config> {
    /// Opens a model folder, or a weight file with its configuration in the same folder.
    ///
    /// Known are Hugging Face folders (`model.safetensors`, `pytorch_model.bin`, or either in parts with an
    /// index) and fairseq's `checkpoint*.pt`. Only headers are read, except that a stored copy of a tied head is
    /// compared with the embedding.
    ///
    /// # Errors
    /// What is wrong with which file. [`CheckpointError::Mismatch`] lists every tensor that is missing, not
    /// used, or of the wrong shape or type at once.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let Found { form, folder, weights } = folder::find(path)?;
        let files = weights.iter().map(|path| WeightFile::open(path)).collect::<Result<Vec<_>, _>>()?;
        let (config, stored, ignored) = match form {
            Form::HuggingFace => {
                let config = hugging_face::folder_config(&folder)?;
                (config, hugging_face_tensors(&files)?, Vec::new())
            }
            Form::Fairseq => fairseq_tensors(&files[0], &folder)?,
        };
        let table = names::published(form, &config);
        Self::matched(form, config, files, folder, table, stored, ignored)
    }
}

impl Checkpoint<BertConfig> {
    /// Opens the Hugging Face folder of a BERT or RoBERTa encoder, or a weight file of it that has its configuration
    /// beside it. Only headers are read, except that stored copies of tied tensors are compared.
    ///
    /// # Errors
    /// As [`Checkpoint::open`]. An architecture that is not supported is named with those that are.
    pub fn open_bert(path: &Path) -> Result<Self, CheckpointError> {
        let Found { form, folder, weights } = folder::find(path)?;
        let config = BertConfig::read(&folder.join("config.json"))?;
        if form == Form::Fairseq {
            return Err(CheckpointError::NoWeights { path: path.to_path_buf() });
        }
        let files = weights.iter().map(|path| WeightFile::open(path)).collect::<Result<Vec<_>, _>>()?;
        let (table, stored) = names::bert::published(&config, hugging_face_tensors(&files)?);
        Self::matched(form, config, files, folder, table, stored, Vec::new())
    }

    /// Opens the same for another head than it has, which is left alone: the configuration has no head, and of the head's
    /// tensors there is only BERT's pooler (`pooler.weight` and `pooler.bias`), where the files have one.
    ///
    /// # Errors
    /// As [`Checkpoint::open_bert`].
    pub fn open_bert_body(path: &Path) -> Result<Self, CheckpointError> {
        let Found { form, folder, weights } = folder::find(path)?;
        let config = BertConfig::read(&folder.join("config.json"))?.without_head();
        if form == Form::Fairseq {
            return Err(CheckpointError::NoWeights { path: path.to_path_buf() });
        }
        let files = weights.iter().map(|path| WeightFile::open(path)).collect::<Result<Vec<_>, _>>()?;
        let (table, stored) = names::bert::body(&config, hugging_face_tensors(&files)?);
        Self::matched(form, config, files, folder, table, stored, Vec::new())
    }
}

impl<C> Checkpoint<C> {
    /// Holds the stored tensors against the table of an architecture.
    fn matched(
        form: Form,
        config: C,
        files: Vec<WeightFile>,
        folder: PathBuf,
        table: Table,
        stored: Vec<(String, StoredTensor)>,
        ignored: Vec<String>,
    ) -> Result<Self, CheckpointError> {
        let order = table.wanted.iter().map(|wanted| wanted.spec.clone()).collect();
        let Matched { tensors, copies, mut report } = names::matched(table, stored);
        report.ignored.extend(ignored);
        let path = match files.as_slice() {
            [file] => file.path.clone(),
            _ => folder,
        };
        if !report.fits() {
            return Err(CheckpointError::Mismatch { path, report: Box::new(report) });
        }
        let checkpoint = Self { path, form, config, files, tensors, order, report };
        for (copy, of) in copies {
            checkpoint.check_copy(&copy, of)?;
        }
        Ok(checkpoint)
    }

    /// Who wrote it.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The configuration, validated.
    pub fn config(&self) -> &C {
        &self.config
    }

    /// What was left alone on opening; nothing is missing or unused in an opened checkpoint.
    pub fn report(&self) -> &LoadReport {
        &self.report
    }

    /// Canonical names in canonical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(|spec| spec.name.as_str())
    }

    /// One tensor, contiguous and row-major.
    ///
    /// # Errors
    /// [`CheckpointError::UnknownTensor`], [`CheckpointError::NotFinite`], [`CheckpointError::Read`].
    pub fn tensor(&self, name: &str) -> Result<TensorView<'_>, CheckpointError> {
        let (named, dtype) = self.named(name)?;
        let mut bytes = vec![0; named.tensor.byte_length()];
        self.read_into(named, dtype, &mut bytes)?;
        Ok(TensorView { dtype, shape: &named.tensor.shape, bytes: Cow::Owned(bytes) })
    }

    /// One tensor's values as `f32`, row-major.
    ///
    /// # Errors
    /// As [`Checkpoint::tensor`].
    pub fn load_f32(&self, name: &str) -> Result<Vec<f32>, CheckpointError> {
        let (named, dtype) = self.named(name)?;
        if dtype != Dtype::F32 {
            return Ok(self.tensor(name)?.to_f32());
        }
        let mut values = vec![0_f32; named.tensor.elements()];
        self.read_into(named, dtype, bytemuck::cast_slice_mut(&mut values))?;
        for value in &mut values {
            *value = f32::from_bits(u32::from_le(value.to_bits()));
        }
        Ok(values)
    }

    /// Gives every tensor in canonical order, one at a time: the memory in use is that of the largest tensor.
    ///
    /// # Errors
    /// As [`Checkpoint::tensor`], and whatever `visit` returns.
    pub fn for_each_tensor<E: From<CheckpointError>>(
        &self,
        mut visit: impl FnMut(&str, TensorView<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut buffer = Vec::new();
        for spec in &self.order {
            let (named, dtype) = self.named(&spec.name)?;
            buffer.resize(named.tensor.byte_length(), 0);
            self.read_into(named, dtype, &mut buffer)?;
            visit(
                &spec.name,
                TensorView { dtype, shape: &named.tensor.shape, bytes: Cow::Borrowed(&buffer) },
            )?;
        }
        Ok(())
    }

    /// Reads every value once and makes sure that all are finite numbers.
    ///
    /// # Errors
    /// [`CheckpointError::NotFinite`] for the first that is not, [`CheckpointError::Read`].
    pub fn verify(&self) -> Result<(), CheckpointError> {
        self.for_each_tensor(|_, _| Ok(()))
    }

    fn named(&self, name: &str) -> Result<(&Named, Dtype), CheckpointError> {
        let unknown = || CheckpointError::UnknownTensor { path: self.path.clone(), tensor: name.to_owned() };
        let named = self.tensors.get(name).ok_or_else(unknown)?;
        match named.tensor.element {
            ElementType::Weight(dtype) => Ok((named, dtype)),
            ElementType::Other { .. } => Err(unknown()),
        }
    }

    fn file(&self, tensor: &StoredTensor) -> &WeightFile {
        &self.files[tensor.file]
    }

    fn read_into(&self, named: &Named, dtype: Dtype, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let file = self.file(&named.tensor);
        named.tensor.read_into(file, bytes)?;
        match first_not_finite(dtype, bytes) {
            None => Ok(()),
            Some((position, value)) => Err(CheckpointError::NotFinite {
                path: file.path.clone(),
                tensor: named.label.clone(),
                value,
                index: index_of(position, &named.tensor.shape),
            }),
        }
    }

    /// A tied tensor may be stored again, if it equals the one it is tied to bit for bit.
    fn check_copy(&self, copy: &Named, of: &str) -> Result<(), CheckpointError> {
        const PIECE: usize = 1 << 20;
        let (original, _) = self.named(of)?;
        if copy.tensor.is_same_place(&original.tensor) {
            return Ok(());
        }
        let different = || CheckpointError::NotTied {
            path: self.file(&copy.tensor).path.clone(),
            tensor: copy.label.clone(),
            of: original.label.clone(),
        };
        if copy.tensor.element != original.tensor.element {
            return Err(different());
        }
        let mut stored = vec![0; copy.tensor.byte_length()];
        copy.tensor.read_into(self.file(&copy.tensor), &mut stored)?;
        let mut rest = stored.as_slice();
        original.tensor.for_each_piece(self.file(&original.tensor), PIECE, |piece| {
            match rest.strip_prefix(piece) {
                Some(after) => {
                    rest = after;
                    Ok(())
                }
                None => Err(different()),
            }
        })
    }
}

/// The tensors of all parts of a Hugging Face model.
fn hugging_face_tensors(files: &[WeightFile]) -> Result<Vec<(String, StoredTensor)>, CheckpointError> {
    let mut stored = BTreeMap::new();
    for (number, file) in files.iter().enumerate() {
        for (name, tensor) in file_tensors(file, number)? {
            if stored.insert(name.clone(), tensor).is_some_and(|before| before.file != number) {
                let problem = "another part of the model holds it too";
                return Err(CheckpointError::damaged(&file.path, format!("tensor {name}"), problem));
            }
        }
    }
    Ok(stored.into_iter().collect())
}

fn file_tensors(file: &WeightFile, number: usize) -> Result<Vec<(String, StoredTensor)>, CheckpointError> {
    refuse_placeholder(file)?;
    if file.path.extension().is_some_and(|extension| extension == "safetensors") {
        return safetensors::open(file, number);
    }
    let torch = torch::open(file)?;
    torch.tensors(file, number, torch.tree.root)
}

/// Configuration, tensors, and the names of what else the checkpoint holds.
type FairseqParts = (Config, Vec<(String, StoredTensor)>, Vec<String>);

fn fairseq_tensors(file: &WeightFile, folder: &Path) -> Result<FairseqParts, CheckpointError> {
    const DEPTH: usize = 8;
    refuse_placeholder(file)?;
    let torch = torch::open(file)?;
    let tree = &torch.tree;
    let refused = CheckpointError::config(&file.path);
    let Some(model) = tree.get(tree.root, "model") else {
        return Err(refused(ConfigError::NotBioGpt(
            "this checkpoint of PyTorch is not fairseq's: it has no `model`".to_owned(),
        )));
    };
    let stored = torch.tensors(file, 0, model)?;
    let embedding_name = names::embedding_name(Form::Fairseq);
    let embedding = stored.iter().find(|(name, _)| *name == embedding_name);
    let Some(&vocab_size) = embedding.and_then(|(_, tensor)| tensor.shape.first()) else {
        return Err(refused(ConfigError::NotBioGpt(format!("this checkpoint has no `{embedding_name}`"))));
    };
    let config = fairseq::config(tree, vocab_size).map_err(refused)?;
    fairseq::check_dictionary(&config, folder)?;
    let others = tree.entries(tree.root).iter().filter(|(_, value)| *value != model);
    let ignored = tree.tensors_below(others.map(|(key, value)| (*value, tree.key_name(*key))), DEPTH);
    Ok((config, stored, ignored))
}

/// What a failed download leaves behind where weights should be.
fn refuse_placeholder(file: &WeightFile) -> Result<(), CheckpointError> {
    let start = file.bytes(0, file.length.min(64))?;
    let what = if start.starts_with(b"version https://git-lfs") {
        "this is only a pointer of Git LFS, not the weights"
    } else if start.trim_ascii_start().starts_with(b"<") {
        "this is a web page, not the weights"
    } else {
        return Ok(());
    };
    Err(CheckpointError::unsupported(
        &file.path,
        what,
        "Download the file itself (`git lfs pull` in a clone)",
    ))
}

fn index_of(position: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    let mut rest = position;
    for (at, size) in index.iter_mut().zip(shape).rev() {
        (*at, rest) = (rest % size, rest / size);
    }
    index
}
