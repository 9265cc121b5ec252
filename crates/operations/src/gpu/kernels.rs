//! The kernels, in CubeCL: compiled for whatever device when they are first used.
//!
//! Weights stay as [`kernels::quantized`] packs them: the sixteen outputs of a panel lie side by side, so that sixteen
//! units of a cube read one line of memory together. Numbers in between are floats of 32 bits.

use cubecl::prelude::*;

/// Outputs side by side.
pub const PANEL: usize = 16;
/// Units that share the blocks of a panel among them, for each output.
pub const SPLITS: usize = 16;
/// Units of a row or a head.
pub const UNITS: usize = 64;

/// 16-bit float to 32. What is below its normal numbers is counted in its smallest steps: as a 32-bit float of the same
/// bits many cards would take it for zero.
#[cube]
fn widened(half: u32) -> f32 {
    // 2^112 makes up for the smaller bias of the exponent.
    let normal = f32::reinterpret((half & 0x7FFF) << 13) * f32::reinterpret(0x7780_0000u32);
    // Of 2^-24.
    let small = f32::cast_from(half & 0x3FF) * f32::reinterpret(0x3380_0000u32);
    let magnitude = select(half & 0x7C00 == 0, small, normal);
    select(half & 0x8000 == 0, magnitude, -magnitude)
}

/// The scale of a block for one output.
#[cube]
fn scale(words: &Tensor<i32>, panel: usize, block: usize, lane: usize) -> f32 {
    let pair = u32::cast_from(words[panel + block * (PANEL / 2) + lane / 2]);
    let half = (pair >> (16 * (lane % 2) as u32)) & 0xFFFF;
    widened(half)
}

/// y = x·Wᵀ + b for few rows, then by `mode`: 0 writes it, 1 adds it to `sum`, 2 GELU, 3 ReLU. A cube for each panel.
#[cube(launch)]
pub fn product(
    x: &Tensor<f32>,
    words: &Tensor<i32>,
    bias: &Tensor<f32>,
    sum: &Tensor<f32>,
    y: &mut Tensor<f32>,
    inputs: usize,
    outputs: usize,
    #[comptime] rows: usize,
    #[comptime] eight: bool,
    #[comptime] biased: bool,
    #[comptime] then: u32,
) {
    let lane = UNIT_POS_X as usize;
    let split = UNIT_POS_Y as usize;
    let blocks = inputs / 32;
    let words_each = if eight { 8usize } else { 4usize };
    let panel = CUBE_POS_X as usize * blocks * (PANEL / 2 + words_each * PANEL);
    let codes = panel + blocks * (PANEL / 2);
    let mut sums = Array::<f32>::new(rows);
    let mut partial = Array::<f32>::new(rows);
    #[unroll]
    for r in 0..rows {
        sums[r] = 0.0f32;
    }
    let mut block = split;
    while block < blocks {
        #[unroll]
        for r in 0..rows {
            partial[r] = 0.0f32;
        }
        #[unroll]
        for w in 0..words_each {
            let word = u32::cast_from(words[codes + (block * words_each + w) * PANEL + lane]);
            #[unroll]
            for j in 0..4usize {
                let byte = (word >> (8 * j as u32)) & 0xFF;
                if eight {
                    let code = f32::cast_from(byte) - 128.0f32;
                    #[unroll]
                    for r in 0..rows {
                        partial[r] += code * x[r * inputs + block * 32 + w * 4 + j];
                    }
                } else {
                    let low = f32::cast_from(byte & 0xF) - 8.0f32;
                    let high = f32::cast_from(byte >> 4) - 8.0f32;
                    #[unroll]
                    for r in 0..rows {
                        let at = r * inputs + block * 32 + w * 8 + j;
                        partial[r] += low * x[at] + high * x[at + 4];
                    }
                }
            }
        }
        let scale = scale(words, panel, block, lane);
        #[unroll]
        for r in 0..rows {
            sums[r] += scale * partial[r];
        }
        block += SPLITS;
    }
    let mut shared = Shared::<[f32]>::new_slice(SPLITS * rows * PANEL);
    #[unroll]
    for r in 0..rows {
        shared[(split * rows + r) * PANEL + lane] = sums[r];
    }
    sync_cube();
    let output = CUBE_POS_X as usize * PANEL + lane;
    if split < rows && output < outputs {
        let mut total = 0.0f32;
        for s in 0..SPLITS {
            total += shared[(s * rows + split) * PANEL + lane];
        }
        if biased {
            total += bias[output];
        }
        let at = split * outputs + output;
        if then == 1u32 {
            total += sum[at];
        }
        if then == 2u32 {
            total *= 0.5f32 * (1.0f32 + Erf::erf(total * 0.707_106_77f32));
        }
        if then == 3u32 {
            total = max(total, 0.0f32);
        }
        y[at] = total;
    }
}

/// Rows by index as floats. A unit for each number.
#[cube(launch)]
pub fn rows(
    words: &Tensor<i32>,
    indices: &Tensor<i32>,
    y: &mut Tensor<f32>,
    inputs: usize,
    count: usize,
    #[comptime] eight: bool,
) {
    if ABSOLUTE_POS >= count * inputs {
        terminate!();
    }
    let output = u32::cast_from(indices[ABSOLUTE_POS / inputs]) as usize;
    let i = ABSOLUTE_POS % inputs;
    let (block, within, lane) = (i / 32, i % 32, output % PANEL);
    let words_each = if eight { 8usize } else { 4usize };
    let blocks = inputs / 32;
    let panel = output / PANEL * blocks * (PANEL / 2 + words_each * PANEL);
    let codes = panel + blocks * (PANEL / 2) + block * words_each * PANEL + lane;
    let scale = scale(words, panel, block, lane);
    if eight {
        let word = u32::cast_from(words[codes + within / 4 * PANEL]);
        let code = (word >> (8 * (within % 4) as u32)) & 0xFF;
        y[ABSOLUTE_POS] = scale * (f32::cast_from(code) - 128.0f32);
    } else {
        let word = u32::cast_from(words[codes + within / 8 * PANEL]);
        let code = (word >> (8 * (within % 4) as u32 + within as u32 % 8 / 4 * 4)) & 0xF;
        y[ABSOLUTE_POS] = scale * (f32::cast_from(code) - 8.0f32);
    }
}

/// Sum of one number of each unit of a cube, for all of them.
#[cube]
fn total(value: f32, shared: &mut Shared<[f32]>) -> f32 {
    shared[UNIT_POS_X as usize] = value;
    sync_cube();
    let mut sum = 0.0f32;
    for u in 0..UNITS {
        sum += shared[u];
    }
    sync_cube();
    sum
}

/// Layer normalization. A cube for each row.
#[cube(launch)]
pub fn layer_norm(
    x: &Tensor<f32>,
    gamma: &Tensor<f32>,
    beta: &Tensor<f32>,
    y: &mut Tensor<f32>,
    d: usize,
    epsilon: f32,
) {
    let mut shared = Shared::<[f32]>::new_slice(UNITS);
    let row = CUBE_POS_X as usize * d;
    let unit = UNIT_POS_X as usize;
    let mut sum = 0.0f32;
    let mut i = unit;
    while i < d {
        sum += x[row + i];
        i += UNITS;
    }
    let mean = total(sum, &mut shared) / f32::cast_from(d as u32);
    let mut squares = 0.0f32;
    let mut i = unit;
    while i < d {
        let apart = x[row + i] - mean;
        squares += apart * apart;
        i += UNITS;
    }
    let variance = total(squares, &mut shared) / f32::cast_from(d as u32);
    let inverse = 1.0f32 / f32::sqrt(variance + epsilon);
    let mut i = unit;
    while i < d {
        y[row + i] = (x[row + i] - mean) * inverse * gamma[i] + beta[i];
        i += UNITS;
    }
}

/// One new token of each row attends to the prefix, to its own past and to itself; its keys and values are written into
/// the past. A cube for each row and head.
#[cube(launch)]
pub fn attention(
    qkv: &Tensor<f32>,
    prefix_keys: &Tensor<f32>,
    prefix_values: &Tensor<f32>,
    keys: &mut Tensor<f32>,
    values: &mut Tensor<f32>,
    out: &mut Tensor<f32>,
    prefix_length: usize,
    prefix_capacity: usize,
    past: usize,
    capacity: usize,
    scale: f32,
    #[comptime] heads: usize,
    #[comptime] width: usize,
    #[comptime] room: usize,
) {
    let (unit, head, row) = (UNIT_POS_X as usize, CUBE_POS_X as usize, CUBE_POS_Y as usize);
    let d = heads * width;
    let query = row * 3 * d + head * width;
    let prefix = head * prefix_capacity * width;
    let own = (row * heads + head) * capacity * width;
    let positions = prefix_length + past + 1;
    let mut scores = Shared::<[f32]>::new_slice(room);
    let mut shared = Shared::<[f32]>::new_slice(UNITS);
    let mut largest = f32::new(-3.0e38f32);
    let mut p = unit;
    while p < positions {
        let mut score = 0.0f32;
        if p < prefix_length {
            for i in 0..width {
                score += qkv[query + i] * prefix_keys[prefix + p * width + i];
            }
        } else if p < prefix_length + past {
            for i in 0..width {
                score += qkv[query + i] * keys[own + (p - prefix_length) * width + i];
            }
        } else {
            for i in 0..width {
                score += qkv[query + i] * qkv[query + d + i];
            }
        }
        score *= scale;
        scores[p] = score;
        largest = max(largest, score);
        p += UNITS;
    }
    shared[unit] = largest;
    sync_cube();
    for u in 0..UNITS {
        largest = max(largest, shared[u]);
    }
    sync_cube();
    let mut sum = 0.0f32;
    let mut p = unit;
    while p < positions {
        let weight = f32::exp(scores[p] - largest);
        scores[p] = weight;
        sum += weight;
        p += UNITS;
    }
    let sum = total(sum, &mut shared);
    let mut i = unit;
    while i < width {
        let mut result = 0.0f32;
        for p in 0..prefix_length {
            result += scores[p] * prefix_values[prefix + p * width + i];
        }
        for p in 0..past {
            result += scores[prefix_length + p] * values[own + p * width + i];
        }
        result += scores[prefix_length + past] * qkv[query + 2 * d + i];
        out[row * d + head * width + i] = result / sum;
        keys[own + past * width + i] = qkv[query + d + i];
        values[own + past * width + i] = qkv[query + 2 * d + i];
        i += UNITS;
    }
}
