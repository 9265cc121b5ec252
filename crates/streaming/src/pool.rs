//! Threads: one that cuts the inputs, and workers that take pieces as they come.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::sync::{Mutex, PoisonError};

use documents::formats::ReadError;
use documents::pieces::{self, Piece};
use sha2::{Digest, Sha256};

use crate::work::{Done, Worker};
use crate::{Form, Input, StreamError};

/// Records of a piece: large enough that taking one costs nothing, small enough that workers end together.
const RECORDS: usize = 32;

/// A piece and its place.
pub(crate) struct Order {
    pub input: usize,
    pub number: usize,
    pub piece: Piece,
}

/// What the writer hears.
pub(crate) enum Word<Part> {
    /// What came of a piece.
    Done { input: usize, number: usize, done: Done<Part> },
    /// An input has so many pieces, or cannot be read to its end.
    Cut { input: usize, end: Result<End, ReadError> },
    /// An input that is one piece cannot be read.
    Unreadable { input: usize, cause: ReadError },
    /// A worker cannot go on.
    Broken(StreamError),
}

/// What is known of an input that was read whole.
pub(crate) struct End {
    pub pieces: usize,
    pub bytes: u64,
    pub sha256: String,
}

/// Cuts inputs, until nobody takes pieces any more. A permit is taken for each piece, and comes back when it is written.
pub(crate) fn cut<Part>(
    inputs: &[(usize, &Input)],
    permits: &SyncSender<()>,
    orders: &SyncSender<Order>,
    words: &Sender<Word<Part>>,
) {
    for (input, of) in inputs {
        let (mut number, mut gone) = (0, false);
        let mut take = |piece: Piece| {
            let order = Order { input: *input, number, piece };
            number += 1;
            gone = permits.send(()).is_err() || orders.send(order).is_err();
            if gone { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let end = File::open(&of.path)
            .map_err(|cause| ReadError::Archive { file: of.name.clone(), problem: cause.to_string() })
            .and_then(|file| {
                let mut hashed = Hashed { file, hash: Sha256::new(), bytes: 0 };
                pieces::each(&mut hashed, &of.name, RECORDS, &mut take)?;
                // What stands behind the end of an archive counts, too.
                let rest = io::copy(&mut hashed, &mut io::sink());
                rest.map_err(|cause| ReadError::Archive {
                    file: of.name.clone(),
                    problem: cause.to_string(),
                })?;
                Ok(hashed)
            });
        let end = end.and_then(|hashed| {
            if number == 0 {
                return Err(ReadError::Empty { file: of.name.clone() });
            }
            let sha256 = hashed.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(End { pieces: number, bytes: hashed.bytes, sha256 })
        });
        if gone || words.send(Word::Cut { input: *input, end }).is_err() {
            return;
        }
    }
}

/// A file that is hashed as it is read.
struct Hashed {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Works on pieces until there are none, on this thread alone.
pub(crate) fn serve<F: Form>(
    mut worker: Worker<'_, '_, F>,
    names: &[Input],
    orders: &Mutex<Option<Receiver<Order>>>,
    words: &Sender<Word<F::Part>>,
) {
    loop {
        let order = orders.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Receiver::recv);
        let Some(Ok(Order { input, number, piece })) = order else { return };
        let word = match worker.piece(&names[input].name, &piece) {
            Ok(Ok(done)) => Word::Done { input, number, done },
            Ok(Err(cause)) => Word::Unreadable { input, cause },
            Err(cause) => Word::Broken(cause),
        };
        let broken = matches!(word, Word::Broken(_));
        if words.send(word).is_err() || broken {
            return;
        }
    }
}
