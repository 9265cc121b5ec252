//! Copies a block of a matrix into panels: for each panel of `W` rows (or columns), depth step by depth step, `W`
//! values side by side. Missing rows and the odd half of a bfloat16 pair are filled with zeros.

#[cfg(target_arch = "x86_64")]
use half::bf16;

/// `(data, first outer, outers, outer stride, first depth, depth, depth stride, packed)`: outer is a row of A or a column of B.
pub(super) type Pack = fn(&[f32], usize, usize, usize, usize, usize, usize, &mut [f32]);

/// Packs float32 panels `W` wide.
#[expect(clippy::too_many_arguments, reason = "a kernel over plain numbers")]
#[inline(always)]
pub(super) fn f32_panels<const W: usize>(
    data: &[f32],
    from: usize,
    outers: usize,
    outer_stride: usize,
    depth_from: usize,
    depth: usize,
    depth_stride: usize,
    packed: &mut [f32],
    transpose: impl Fn(&[f32], usize, usize, &mut [f32], usize),
) {
    for (panel, o) in packed.chunks_exact_mut(depth * W).zip((0..outers).step_by(W)) {
        let width = W.min(outers - o);
        let origin = (from + o) * outer_stride + depth_from * depth_stride;
        if outer_stride == 1 && width == W {
            for (d, row) in panel.chunks_exact_mut(W).enumerate() {
                row.copy_from_slice(&data[origin + d * depth_stride..][..W]);
            }
        } else if depth_stride == 1 && width == W {
            // Eight rows at a time, so that each row is read along its cache lines.
            for group in 0..W / 8 {
                transpose(
                    &data[origin + group * 8 * outer_stride..],
                    outer_stride,
                    depth,
                    &mut panel[group * 8..],
                    W,
                );
            }
            for w in W / 8 * 8..W {
                let row = &data[origin + w * outer_stride..][..depth];
                row.iter().enumerate().for_each(|(d, value)| panel[d * W + w] = *value);
            }
        } else {
            for d in 0..depth {
                for w in 0..W {
                    panel[d * W + w] =
                        if w < width { data[origin + w * outer_stride + d * depth_stride] } else { 0.0 };
                }
            }
        }
    }
}

/// Packs float32 panels `W` wide without vector instructions.
#[expect(clippy::too_many_arguments, reason = "a kernel over plain numbers")]
pub(super) fn portable<const W: usize>(
    data: &[f32],
    from: usize,
    outers: usize,
    outer_stride: usize,
    depth_from: usize,
    depth: usize,
    depth_stride: usize,
    packed: &mut [f32],
) {
    f32_panels::<W>(
        data,
        from,
        outers,
        outer_stride,
        depth_from,
        depth,
        depth_stride,
        packed,
        |rows, stride, depth, out, width| {
            for d in 0..depth {
                for r in 0..8 {
                    out[d * width + r] = rows[r * stride + d];
                }
            }
        },
    );
}

/// Packs bfloat16 pairs (two depth steps a 32-bit word) in panels `W` wide, without vector instructions.
#[cfg(target_arch = "x86_64")]
#[expect(clippy::too_many_arguments, reason = "a kernel over plain numbers")]
pub(super) fn bf16_panels<const W: usize>(
    data: &[f32],
    from: usize,
    outers: usize,
    outer_stride: usize,
    depth_from: usize,
    depth: usize,
    depth_stride: usize,
    packed: &mut [f32],
) {
    let steps = depth.div_ceil(2);
    for (panel, o) in packed.chunks_exact_mut(steps * W).zip((0..outers).step_by(W)) {
        let width = W.min(outers - o);
        let origin = (from + o) * outer_stride + depth_from * depth_stride;
        for s in 0..steps {
            for w in 0..W {
                let at = |d: usize| {
                    if w < width && d < depth {
                        data[origin + w * outer_stride + d * depth_stride]
                    } else {
                        0.0
                    }
                };
                let low = u32::from(bf16::from_f32(at(2 * s)).to_bits());
                let high = u32::from(bf16::from_f32(at(2 * s + 1)).to_bits());
                panel[s * W + w] = f32::from_bits(high << 16 | low);
            }
        }
    }
}
