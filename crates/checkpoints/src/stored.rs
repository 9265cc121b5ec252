use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::CheckpointError;
use crate::tensor::Dtype;

/// What a tensor's elements are. Checkpoints also hold counters and masks; only [`Dtype`]s can be weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ElementType {
    Weight(Dtype),
    Other { name: &'static str, size: usize },
}

impl ElementType {
    pub fn size(self) -> usize {
        match self {
            Self::Weight(dtype) => dtype.size(),
            Self::Other { size, .. } => size,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Weight(dtype) => dtype.name(),
            Self::Other { name, .. } => name,
        }
    }
}

/// An open weight file. It is read by position rather than mapped: a conversion then holds one tensor and not
/// the pages of the whole file, a file cut off meanwhile is an error and not a signal, and no unsafe code is needed.
#[derive(Debug)]
pub(crate) struct WeightFile {
    pub path: PathBuf,
    pub length: u64,
    file: Mutex<File>,
}

impl WeightFile {
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let file = File::open(path).map_err(CheckpointError::read(path))?;
        let metadata = file.metadata().map_err(CheckpointError::read(path))?;
        if !metadata.is_file() {
            return Err(CheckpointError::damaged(path, "byte 0", "this is not a regular file"));
        }
        if metadata.len() == 0 {
            return Err(CheckpointError::damaged(path, "byte 0", "the file is empty"));
        }
        Ok(Self { path: path.to_path_buf(), length: metadata.len(), file: Mutex::new(file) })
    }

    /// Fills `bytes` from `offset`.
    pub fn read_at(&self, offset: u64, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let read = file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(bytes));
        read.map_err(CheckpointError::read(&self.path))
    }

    /// `length` bytes from `offset`, after making sure that the file has them.
    pub fn bytes(&self, offset: u64, length: u64) -> Result<Vec<u8>, CheckpointError> {
        let inside = offset.checked_add(length).is_some_and(|end| end <= self.length);
        let (true, Ok(length)) = (inside, usize::try_from(length)) else {
            let problem = format!("{length} bytes are declared, but the file has {} in all", self.length);
            return Err(CheckpointError::damaged(&self.path, format!("byte {offset}"), problem));
        };
        let mut bytes = vec![0; length];
        self.read_at(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// A reader of the bytes from `start` to `end`.
    pub fn section(&self, start: u64, end: u64) -> Section<'_> {
        Section { file: self, position: start, end: end.min(self.length) }
    }
}

/// A part of a file, read in order.
pub(crate) struct Section<'a> {
    file: &'a WeightFile,
    position: u64,
    end: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let length = buffer.len().min(left);
        let mut file = self.file.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.position))?;
        let count = file.read(&mut buffer[..length])?;
        self.position += count as u64;
        Ok(count)
    }
}

/// Where a tensor's values lie: `file` counts into the checkpoint's weight files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredTensor {
    pub file: usize,
    pub element: ElementType,
    pub shape: Vec<usize>,
    /// Elements between neighbors of each dimension.
    strides: Vec<usize>,
    /// Byte offset of the first element.
    start: u64,
    /// Elements from the first to the last in memory order, both included.
    span: usize,
}

impl StoredTensor {
    /// A row-major tensor that fills `length` bytes from `start`.
    pub fn contiguous(
        file: usize,
        element: ElementType,
        shape: Vec<usize>,
        start: u64,
        length: u64,
    ) -> Result<Self, String> {
        let strides = contiguous_strides(&shape).ok_or("its shape is too large")?;
        Self::strided(file, element, shape, strides, start, length)
    }

    /// A tensor over a storage of `length` bytes whose first element is at `start`.
    ///
    /// It may not hold more elements than the storage: repeated ("expanded") elements are no weights, and would let
    /// a small file ask for any amount of memory.
    pub fn strided(
        file: usize,
        element: ElementType,
        shape: Vec<usize>,
        strides: Vec<usize>,
        start: u64,
        length: u64,
    ) -> Result<Self, String> {
        if shape.len() != strides.len() {
            return Err(format!("shape {shape:?} and strides {strides:?} differ in length"));
        }
        let available = length / element.size() as u64;
        let too_large = || {
            format!(
                "shape {shape:?} with strides {strides:?} needs more than the {available} stored elements"
            )
        };
        let elements = shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
        let elements = elements.ok_or_else(too_large)?;
        let span = if elements == 0 {
            0
        } else {
            let reach = shape.iter().zip(&strides).try_fold(0_usize, |reach, (size, stride)| {
                reach.checked_add((size - 1).checked_mul(*stride)?)
            });
            reach.and_then(|reach| reach.checked_add(1)).ok_or_else(too_large)?
        };
        if span.max(elements) as u64 > available {
            return Err(too_large());
        }
        Ok(Self { file, element, shape, strides, start, span })
    }

    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    pub fn byte_length(&self) -> usize {
        self.elements() * self.element.size()
    }

    pub fn is_same_place(&self, other: &Self) -> bool {
        self == other
    }

    /// Reads the values, row-major, into `bytes`, which has [`Self::byte_length`] bytes.
    pub fn read_into(&self, file: &WeightFile, bytes: &mut [u8]) -> Result<(), CheckpointError> {
        if self.is_contiguous() {
            return file.read_at(self.start, bytes);
        }
        let size = self.element.size();
        let mut storage = vec![0; self.span * size];
        file.read_at(self.start, &mut storage)?;
        let mut index = vec![0_usize; self.shape.len()];
        for element in bytes.chunks_exact_mut(size) {
            let offset: usize = index.iter().zip(&self.strides).map(|(at, stride)| at * stride).sum();
            element.copy_from_slice(&storage[offset * size..(offset + 1) * size]);
            for (at, length) in index.iter_mut().zip(&self.shape).rev() {
                *at += 1;
                if *at < *length {
                    break;
                }
                *at = 0;
            }
        }
        Ok(())
    }

    /// Gives the values, row-major, in pieces of at most `limit` bytes (one piece if they do not lie in order).
    pub fn for_each_piece(
        &self,
        file: &WeightFile,
        limit: usize,
        mut visit: impl FnMut(&[u8]) -> Result<(), CheckpointError>,
    ) -> Result<(), CheckpointError> {
        let length = self.byte_length();
        if !self.is_contiguous() {
            let mut bytes = vec![0; length];
            self.read_into(file, &mut bytes)?;
            return visit(&bytes);
        }
        let mut buffer = vec![0; limit.min(length)];
        let mut done = 0;
        while done < length {
            let piece = &mut buffer[..limit.min(length - done)];
            file.read_at(self.start + done as u64, piece)?;
            visit(piece)?;
            done += piece.len();
        }
        Ok(())
    }

    fn is_contiguous(&self) -> bool {
        let Some(expected) = contiguous_strides(&self.shape) else {
            return false;
        };
        // The stride of a dimension of size 1 is never used, and PyTorch keeps odd ones.
        let differs =
            |((size, stride), expected): ((&usize, &usize), &usize)| *size > 1 && stride != expected;
        self.elements() == 0 || !self.shape.iter().zip(&self.strides).zip(&expected).any(differs)
    }
}

fn contiguous_strides(shape: &[usize]) -> Option<Vec<usize>> {
    let mut strides = vec![1_usize; shape.len()];
    for dimension in (1..shape.len()).rev() {
        strides[dimension - 1] = strides[dimension].checked_mul(shape[dimension].max(1))?;
    }
    Some(strides)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTE: ElementType = ElementType::Other { name: "U8", size: 1 };

    fn file_with(bytes: &[u8]) -> (tempfile::TempDir, WeightFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        std::fs::write(&path, bytes).unwrap();
        let file = WeightFile::open(&path).unwrap();
        (folder, file)
    }

    fn read(tensor: &StoredTensor, file: &WeightFile) -> Vec<u8> {
        let mut bytes = vec![0; tensor.byte_length()];
        tensor.read_into(file, &mut bytes).unwrap();
        let mut pieces = Vec::new();
        tensor
            .for_each_piece(file, 3, |piece| {
                pieces.extend_from_slice(piece);
                Ok(())
            })
            .unwrap();
        assert_eq!(bytes, pieces);
        bytes
    }

    #[test]
    fn transposed_and_sliced_storages_become_contiguous() {
        let (_folder, file) = file_with(&[9, 0, 1, 2, 3, 4, 5, 9]);
        let rows = StoredTensor::contiguous(0, BYTE, vec![2, 3], 1, 6).unwrap();
        assert_eq!(read(&rows, &file), [0, 1, 2, 3, 4, 5]);
        let transposed = StoredTensor::strided(0, BYTE, vec![3, 2], vec![1, 3], 1, 6).unwrap();
        assert_eq!(read(&transposed, &file), [0, 3, 1, 4, 2, 5]);
        let second_column = StoredTensor::strided(0, BYTE, vec![2, 1], vec![3, 77], 2, 5).unwrap();
        assert_eq!(read(&second_column, &file), [1, 4]);
    }

    #[test]
    fn more_elements_than_stored_are_refused_before_any_memory_is_asked_for() {
        let refused = |shape: &[usize], strides: &[usize]| {
            StoredTensor::strided(0, BYTE, shape.to_vec(), strides.to_vec(), 0, 16).unwrap_err()
        };
        assert!(refused(&[17], &[1]).contains("16 stored elements"));
        assert!(refused(&[1 << 40], &[0]).contains("16 stored elements"));
        assert!(refused(&[usize::MAX, 2], &[1, 1]).contains("16 stored elements"));
        assert!(refused(&[2, 2], &[usize::MAX, usize::MAX]).contains("16 stored elements"));
        assert!(refused(&[3, 3], &[7, 2]).contains("16 stored elements"));
    }
}
