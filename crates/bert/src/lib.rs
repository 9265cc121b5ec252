//! BERT and RoBERTa encoders (Devlin et al. 2019, doi 10.18653/v1/N19-1423; Liu et al. 2019, arXiv 1907.11692), as BioBERT,
//! PubMedBERT and what was tuned from them are published: the classes of tokens, of texts and of pairs, and hidden words.
//!
//! Knows no task and no device: tensors carry their device, texts arrive as text or token ids.

mod heads;
mod layer;
pub mod model;
mod network;
mod read;

pub use checkpoints::BertConfig;
pub use checkpoints::bert::{Family, Head};
pub use model::{Model, ModelError};
pub use network::Network;
pub use read::{ReadError, Tokens};
pub use tokenizer::bert::{BertEncoding, BertTokenizer, OwnTokens, Source};
