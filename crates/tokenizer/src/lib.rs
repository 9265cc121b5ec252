//! BioGPT's tokenizer: Moses rules and BPE, with offsets into the original text; and, in [`bert`], those of encoders.
//!
//! The same ids as `BioGptTokenizer` of Hugging Face transformers (sacremoses 0.1.1 or later, then fastBPE), which
//! are those of the fairseq checkpoints. A text becomes words by [`moses`], words become pieces by the vocabulary's
//! merges, and each piece keeps the byte range of the author's text that it came from.
//!
//! ```no_run
//! # fn main() -> Result<(), tokenizer::Error> {
//! let tokenizer = tokenizer::Tokenizer::from_dir("models/starter".as_ref())?;
//! let text = "IL-6 rose (p < 0.05).";
//! let encoding = tokenizer.encode(text);
//! assert_eq!(encoding.ids[0], tokenizer.end_of_text()); // BioGPT's texts begin with `</s>`
//! assert_eq!(&text[encoding.offsets[1].clone()], "IL");
//! assert_eq!(tokenizer.decode(&encoding.ids), "IL-6 rose (p < 0.05).");
//! # Ok(())
//! # }
//! ```

mod alignment;
pub mod bert;
mod bpe;
mod error;
mod files;
pub mod moses;
mod stream;
mod vocabulary;

mod encoder;

pub use encoder::{Encoding, Tokenizer};
pub use error::Error;
pub use stream::{DecodeStream, Decoded};
pub use vocabulary::{END_OF_WORD, Merge, SPECIAL_TOKENS, Vocabulary};
