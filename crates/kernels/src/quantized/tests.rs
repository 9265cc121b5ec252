use super::*;

fn values(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    // A sum of uniform numbers, close to the normal form that weights have.
    (0..n).map(|_| next() + next() + next() + next()).collect()
}

fn rows(packed: Packed) -> Vec<f32> {
    let mut all = vec![0.0; packed.outputs() * packed.inputs()];
    all.chunks_exact_mut(packed.inputs()).enumerate().for_each(|(o, row)| packed.row(o, row));
    all
}

#[test]
fn weights_come_back_within_half_a_step() {
    let (outputs, inputs) = (21, 96);
    let weights = values(outputs * inputs, 1);
    for bits in [Bits::Eight, Bits::Four] {
        let words = pack(&weights, inputs, bits);
        let packed = Packed::new(&words, bits, outputs, inputs);
        for (block, found) in weights.chunks(BLOCK).zip(rows(packed).chunks(BLOCK)) {
            let largest = block.iter().fold(0.0f32, |a, b| a.max(b.abs()));
            // 4-bit blocks may cut their largest weight by one step to serve the others.
            let limit = if bits == Bits::Eight { largest / 127.0 * 0.502 } else { largest / 7.0 };
            for (w, f) in block.iter().zip(found) {
                assert!((w - f).abs() <= limit, "{bits:?}: {w} became {f}, largest {largest}");
            }
        }
    }
}

#[test]
fn four_bits_lose_less_than_by_the_largest_weight_alone() {
    let weights = values(64 * 1024, 3);
    let words = pack(&weights, 1024, Bits::Four);
    let found = rows(Packed::new(&words, Bits::Four, 64, 1024));
    let squared = |f: &dyn Fn(usize) -> f32| -> f64 {
        (0..weights.len()).map(|i| f64::from(f(i) - weights[i]).powi(2)).sum()
    };
    let simple = |i: usize| {
        let block = &weights[i / BLOCK * BLOCK..][..BLOCK];
        let scale = block.iter().fold(0.0f32, |a, b| if b.abs() > a.abs() { *b } else { a }) / -8.0;
        scale * (weights[i] / scale).round().clamp(-8.0, 7.0)
    };
    assert!(squared(&|i| found[i]) < 0.95 * squared(&simple));
}

#[test]
fn products_equal_those_with_the_unpacked_weights() {
    for bits in [Bits::Eight, Bits::Four] {
        for (outputs, inputs) in [(1, 32), (40, 64), (1003, 160)] {
            let weights = values(outputs * inputs, 5);
            let words = pack(&weights, inputs, bits);
            let packed = Packed::new(&words, bits, outputs, inputs);
            let unpacked = rows(packed);
            let bias = values(outputs, 6);
            for count in [1, 2, 3, 5, 8, 9, 14] {
                let x = values(count * inputs, 7);
                let mut y = vec![9.0; count * outputs];
                linear(&x, packed, Some(&bias), Then::Write, &mut y);
                for r in 0..count {
                    for o in 0..outputs {
                        let terms = (0..inputs)
                            .map(|i| f64::from(x[r * inputs + i]) * f64::from(unpacked[o * inputs + i]));
                        let expected = terms.sum::<f64>() + f64::from(bias[o]);
                        let found = f64::from(y[r * outputs + o]);
                        // An activation is rounded by at most half a step of 1/127 of its block's largest.
                        let limit: f64 = (0..inputs)
                            .map(|i| {
                                let from = r * inputs + i / BLOCK * BLOCK;
                                let largest =
                                    x[from..from + BLOCK].iter().fold(0.0f32, |a, b| a.max(b.abs()));
                                f64::from(largest) / 253.9 * f64::from(unpacked[o * inputs + i].abs())
                            })
                            .sum();
                        assert!(
                            (found - expected).abs() <= limit + 1e-5,
                            "{bits:?} {count} {r} {o}: {found} {expected}"
                        );
                    }
                }
            }
        }
    }
}

/// Kernels that this machine can run, but has better ones than.
fn lesser_tiles() -> Vec<product::Tile> {
    #[cfg(target_arch = "x86_64")]
    let tiles = {
        let avx2 = (crate::level() >= crate::Level::Avx2).then_some(x86::AVX2);
        avx2.into_iter().chain(x86::narrow::tile()).collect()
    };
    #[cfg(target_arch = "aarch64")]
    let tiles = vec![arm::NEON];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let tiles = vec![];
    tiles
}

#[test]
fn vector_instructions_and_numbers_of_rows_change_no_bit() {
    let (outputs, inputs) = (203, 192);
    let weights = values(outputs * inputs, 8);
    let x = values(13 * inputs, 9);
    for bits in [Bits::Eight, Bits::Four] {
        let words = pack(&weights, inputs, bits);
        let packed = Packed::new(&words, bits, outputs, inputs);
        let mut expected = vec![0.0; 13 * outputs];
        product::linear_with(portable::TILE, &x, packed, None, Then::Write, &mut expected);
        for count in 1..=13 {
            let mut y = vec![0.0; count * outputs];
            linear(&x[..count * inputs], packed, None, Then::Write, &mut y);
            assert_eq!(y, expected[..count * outputs], "{bits:?} {count} rows");
            for tile in lesser_tiles() {
                product::linear_with(tile, &x[..count * inputs], packed, None, Then::Write, &mut y);
                assert_eq!(y, expected[..count * outputs], "{bits:?} {count} rows, lesser instructions");
            }
        }
    }
}

#[test]
fn rounding_with_vector_instructions_changes_no_bit() {
    let mut x = values(40 * BLOCK, 10);
    x[BLOCK] = f32::NAN;
    x[2 * BLOCK + 31] = f32::NEG_INFINITY;
    x[3 * BLOCK..4 * BLOCK].fill(0.0);
    x[4 * BLOCK..5 * BLOCK].fill(1e-40);
    x[5 * BLOCK..6 * BLOCK].fill(-3e38);
    let (mut codes, mut scales, mut offsets) = (vec![9; x.len()], vec![9.0; 40], vec![9; 40]);
    activations::round_blocks(&x, 128, &mut codes, &mut scales, &mut offsets);
    let mut own = activations::Activations::default();
    own.round(&x, Bits::Eight);
    let bits = |scales: &[f32]| scales.iter().map(|s| s.to_bits()).collect::<Vec<u32>>();
    assert_eq!((codes, bits(&scales), offsets), (own.codes, bits(&own.scales), own.offsets));
}

#[test]
fn a_product_can_be_added_or_go_through_a_function() {
    use crate::activation::Activation;
    let (outputs, inputs, count) = (43, 64, 3);
    let (weights, bias) = (values(outputs * inputs, 11), values(outputs, 12));
    let words = pack(&weights, inputs, Bits::Four);
    let packed = Packed::new(&words, Bits::Four, outputs, inputs);
    let (x, before) = (values(count * inputs, 13), values(count * outputs, 14));
    let product = |then| {
        let mut y = before.clone();
        linear(&x, packed, Some(&bias), then, &mut y);
        y
    };
    let written = product(Then::Write);
    let sums: Vec<f32> = written.iter().zip(&before).map(|(y, before)| before + y).collect();
    assert_eq!(product(Then::Add), sums);
    for activation in [Activation::Gelu, Activation::Relu] {
        let mut expected = vec![0.0; written.len()];
        activation.forward(&written, &mut expected);
        assert_eq!(product(Then::Activate(activation)), expected, "{activation:?}");
    }
}

#[test]
fn extreme_activations_and_weights_stay_right() {
    let inputs = 64;
    for bits in [Bits::Eight, Bits::Four] {
        // The largest codes of both signs, so that sums come as close to overflow as they can.
        let weights: Vec<f32> = (0..2 * inputs).map(|i| if i < inputs { 3.0 } else { -3.0 }).collect();
        let words = pack(&weights, inputs, bits);
        let packed = Packed::new(&words, bits, 2, inputs);
        for value in [1e30, -1e30, 1e-30, 0.0] {
            let mut y = [0.0; 2];
            linear(&vec![value; inputs], packed, None, Then::Write, &mut y);
            let expected = value * 3.0 * inputs as f32;
            let limit = expected.abs() * 0.005;
            assert!((y[0] - expected).abs() <= limit && (y[1] + expected).abs() <= limit, "{value}: {y:?}");
            for tile in lesser_tiles() {
                let mut same = [0.0; 2];
                product::linear_with(tile, &vec![value; inputs], packed, None, Then::Write, &mut same);
                assert_eq!(same, y, "{bits:?}, lesser instructions");
            }
        }
        let mut y = [0.0; 2];
        for spoiled in [f32::NAN, f32::INFINITY] {
            let mut x = vec![1.0; inputs];
            x[40] = spoiled;
            linear(&x, packed, None, Then::Write, &mut y);
            assert!(y.iter().all(|y| y.is_nan()), "what is no number must not become one: {y:?}");
        }
        let words = pack(&[vec![1.0; 63], vec![f32::NAN]].concat(), inputs, bits);
        linear(&vec![1.0; inputs], Packed::new(&words, bits, 1, inputs), None, Then::Write, &mut y[..1]);
        assert!(y[0].is_nan(), "a spoiled weight must not be hidden");
    }
}
