//! What the packed streams of a PDF come to, counted without keeping more than a bound.

use std::io::{Read, Write};

use flate2::read::{DeflateDecoder, ZlibDecoder};
use weezl::BitOrder;
use weezl::decode::Decoder;

/// Most bytes between two filters of one stream.
const BETWEEN: usize = 64 * 1024 * 1024;

/// The filters that the PDF library unpacks; it leaves streams with others (images) as they are.
pub(super) const UNPACKED: [&[u8]; 3] = [b"FlateDecode", b"LZWDecode", b"ASCII85Decode"];

/// How many bytes a stream comes to, all its filters together; `None` beyond `limit`.
pub(super) fn unpacked(packed: &[u8], filters: &[&[u8]], limit: usize) -> Option<usize> {
    let mut total = 0;
    let mut input = std::borrow::Cow::Borrowed(packed);
    for (index, filter) in filters.iter().enumerate() {
        let left = limit.checked_sub(total)?;
        let is_last = index + 1 == filters.len();
        let mut sink = Sink {
            kept: Vec::new(),
            keep: !is_last,
            count: 0,
            most: if is_last { left } else { left.min(BETWEEN) },
        };
        let is_known = unpack(filter, &input, &mut sink);
        if sink.count > sink.most {
            return None;
        }
        if !is_known {
            break;
        }
        total += sink.count;
        input = std::borrow::Cow::Owned(sink.kept);
    }
    Some(total)
}

/// Takes bytes up to a bound, and fails beyond it.
struct Sink {
    kept: Vec<u8>,
    keep: bool,
    count: usize,
    most: usize,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.count += bytes.len();
        if self.count > self.most {
            return Err(std::io::Error::other("too long"));
        }
        if self.keep {
            self.kept.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Unpacks one layer into the sink, as far as it is sound; tells whether the filter is one that is unpacked.
fn unpack(filter: &[u8], input: &[u8], sink: &mut Sink) -> bool {
    match filter {
        b"FlateDecode" => {
            copy(ZlibDecoder::new(input), sink);
            // The library tries again without the header where that is damaged.
            if sink.count == 0 && input.len() > 2 {
                copy(DeflateDecoder::new(input.get(2..).unwrap_or_default()), sink);
            }
        }
        b"LZWDecode" => {
            // Both ways to change the code width come to about the same; the later change reads further.
            let mut decoder = Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
            let _ = decoder.into_stream(&mut *sink).decode_all(input);
            if sink.count <= sink.most {
                let mut other = Sink { kept: Vec::new(), keep: sink.keep, count: 0, most: sink.most };
                let _ = Decoder::new(BitOrder::Msb, 8).into_stream(&mut other).decode_all(input);
                if other.count > sink.count {
                    *sink = other;
                }
            }
        }
        b"ASCII85Decode" => ascii85(input, sink),
        _ => return false,
    }
    true
}

/// Copies until the end, the first damage or the bound.
fn copy(mut reader: impl Read, sink: &mut Sink) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count) = reader.read(&mut buffer) {
        if count == 0 || sink.write_all(buffer.get(..count).unwrap_or_default()).is_err() {
            break;
        }
    }
}

fn ascii85(input: &[u8], sink: &mut Sink) {
    let mut group: Vec<u8> = Vec::with_capacity(5);
    let write = |group: &[u8], sink: &mut Sink| {
        let padded = group.iter().copied().chain(std::iter::repeat(84)).take(5);
        let number =
            padded.fold(0u32, |number, digit| number.wrapping_mul(85).wrapping_add(u32::from(digit)));
        let bytes = number.to_be_bytes();
        sink.write_all(bytes.get(..group.len().saturating_sub(1)).unwrap_or_default()).is_ok()
    };
    for byte in input {
        match byte {
            b'z' if group.is_empty() => {
                if sink.write_all(&[0; 4]).is_err() {
                    return;
                }
            }
            b'!'..=b'u' => {
                group.push(byte - b'!');
                if group.len() == 5 {
                    if !write(&group, sink) {
                        return;
                    }
                    group.clear();
                }
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => break,
        }
    }
    if !group.is_empty() {
        write(&group, sink);
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use weezl::encode::Encoder;

    use super::*;

    fn flate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn hexadecimal85(bytes: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        for group in bytes.chunks(4) {
            let mut padded = [0; 4];
            padded[..group.len()].copy_from_slice(group);
            let mut number = u32::from_be_bytes(padded);
            let mut digits = [0; 5];
            for digit in digits.iter_mut().rev() {
                *digit = b'!' + u8::try_from(number % 85).unwrap();
                number /= 85;
            }
            text.extend_from_slice(&digits[..=group.len()]);
        }
        text.extend_from_slice(b"~>");
        text
    }

    #[test]
    fn counts_every_filter() {
        let text = vec![b' '; 1_000_000];
        let lzw = Encoder::with_tiff_size_switch(BitOrder::Msb, 8).encode(&text).unwrap();
        let headless = [b"xx", &flate(&text)[2..]].concat();
        let chains: [(Vec<u8>, &[&[u8]]); 5] = [
            (flate(&text), &[b"FlateDecode"]),
            (headless, &[b"FlateDecode"]),
            (lzw.clone(), &[b"LZWDecode"]),
            (hexadecimal85(&flate(&text)), &[b"ASCII85Decode", b"FlateDecode"]),
            (flate(&lzw), &[b"FlateDecode", b"LZWDecode"]),
        ];
        for (packed, filters) in chains {
            assert_eq!(unpacked(&packed, filters, 900_000), None, "{filters:?}");
            let size = unpacked(&packed, filters, 2_000_000).unwrap();
            assert!((1_000_000..1_100_000).contains(&size), "{filters:?}: {size}");
        }
        assert_eq!(unpacked(&text, &[b"DCTDecode"], 10), Some(0));
        assert_eq!(unpacked(b"zzzz~>", &[b"ASCII85Decode"], 100), Some(16));
    }
}
