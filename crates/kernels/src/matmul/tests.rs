use super::*;

fn values(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    (0..n)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

fn reference(a: MatrixRef, b: MatrixRef) -> Vec<f64> {
    let mut c = vec![0.0; a.rows * b.cols];
    for i in 0..a.rows {
        for j in 0..b.cols {
            for k in 0..a.cols {
                let x = a.data[i * a.row_stride + k * a.col_stride];
                let y = b.data[k * b.row_stride + j * b.col_stride];
                c[i * b.cols + j] += f64::from(x) * f64::from(y);
            }
        }
    }
    c
}

fn check(m: usize, k: usize, n: usize, a_t: bool, b_t: bool, into: Into, precision: Precision) {
    let (a, b) = (values(m * k, 1), values(k * n, 2));
    let a = if a_t { MatrixRef::new(&a, k, m).t() } else { MatrixRef::new(&a, m, k) };
    let b = if b_t { MatrixRef::new(&b, n, k).t() } else { MatrixRef::new(&b, k, n) };
    let before = values(m * n, 3);
    let mut c = before.clone();
    matmul(a, b, MatrixMut::new(&mut c, m, n), into, precision);
    let tolerance = if precision == Precision::Bf16 { 0.02 } else { 2e-6 } * (k as f64).sqrt().max(1.0);
    for (i, expected) in reference(a, b).into_iter().enumerate() {
        let expected = expected + if into == Into::Add { f64::from(before[i]) } else { 0.0 };
        let found = f64::from(c[i]);
        assert!(
            (found - expected).abs() <= tolerance,
            "{m}x{k}x{n} a_t {a_t} b_t {b_t} {into:?} {precision:?} at {i}: {found} instead of {expected}"
        );
    }
}

#[test]
fn equals_the_definition_for_every_layout_and_edge() {
    let sizes =
        [(1, 1, 1), (1, 7, 49), (5, 64, 3), (8, 48, 48), (13, 385, 100), (33, 400, 97), (200, 31, 150)];
    for (m, k, n) in sizes {
        for (a_t, b_t) in [(false, false), (false, true), (true, false), (true, true)] {
            for into in [Into::Overwrite, Into::Add] {
                for precision in [Precision::F32, Precision::Bf16] {
                    check(m, k, n, a_t, b_t, into, precision);
                }
            }
        }
    }
}

#[test]
fn large_products_are_split_between_threads_without_a_seam() {
    check(700, 130, 96, false, true, Into::Overwrite, Precision::F32);
    check(96, 130, 700, true, false, Into::Add, Precision::F32);
}

#[test]
fn writes_nothing_between_the_rows_of_a_strided_result() {
    let (a, b) = (values(20 * 30, 1), values(30 * 10, 2));
    let mut c = vec![7.0; 20 * 16];
    matmul(
        MatrixRef::new(&a, 20, 30),
        MatrixRef::new(&b, 30, 10),
        MatrixMut::strided(&mut c, 20, 10, 16),
        Into::Overwrite,
        Precision::F32,
    );
    for row in c.chunks(16) {
        assert!(row[10..].iter().all(|v| *v == 7.0));
    }
}
