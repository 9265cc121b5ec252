//! `curve.svg`: the losses of `curve.csv` over the tokens that were trained on.

use std::fmt::Write;
use std::path::Path;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
const EDGE: f64 = 48.0;

/// Draws the curve of a run's folder anew; without measurements there is none.
///
/// # Errors
/// If the file cannot be written.
pub fn draw(folder: &Path) -> std::io::Result<()> {
    let csv = std::fs::read_to_string(folder.join("curve.csv")).unwrap_or_default();
    match svg(&csv) {
        Some(svg) => std::fs::write(folder.join("curve.svg"), svg),
        None => Ok(()),
    }
}

/// Two lines in a frame, training grey and validation blue.
fn svg(csv: &str) -> Option<String> {
    let column = |place: usize| -> Vec<(f64, f64)> {
        let rows = csv.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        rows.filter_map(|row| Some((row.get(1)?.parse().ok()?, row.get(place)?.parse().ok()?))).collect()
    };
    let (training, validation) = (column(3), column(4));
    let points = || training.iter().chain(&validation);
    let most = points().map(|p| p.0).fold(0.0, f64::max);
    let (low, high) = points().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| (l.min(p.1), h.max(p.1)));
    if !(most > 0.0 && low.is_finite() && high.is_finite()) {
        return None;
    }
    let x = |tokens: f64| EDGE + (WIDTH - 2.0 * EDGE) * tokens / most;
    let y = |loss: f64| EDGE + (HEIGHT - 2.0 * EDGE) * (high - loss) / (high - low).max(1e-9);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
    );
    for (line, color, name) in
        [(&training, "#888", "training loss"), (&validation, "#06c", "validation loss")]
    {
        let Some(last) = line.last() else { continue };
        let path: Vec<String> = line.iter().map(|p| format!("{:.1},{:.1}", x(p.0), y(p.1))).collect();
        let _ = write!(
            svg,
            "<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"1.5\" points=\"{}\"><title>{name}: {:.4}</title></polyline>",
            path.join(" "),
            last.1
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"4\" y=\"{:.0}\">{high:.2}</text><text x=\"4\" y=\"{:.0}\">{low:.2}</text>\
         <text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{most} tokens</text></svg>",
        y(high),
        y(low),
        WIDTH - EDGE,
        HEIGHT - EDGE / 3.0
    );
    Some(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_losses_are_drawn_and_nothing_without_measurements() {
        let csv =
            "update,tokens,seconds,training_loss,validation_loss\n1,100,1,4.0,\n2,200,2,,3.5\n3,300,3,2.0,\n";
        let svg = svg(csv).unwrap_or_default();
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(svg.contains(">4.00<") && svg.contains(">2.00<") && svg.contains("300 tokens"));
        assert_eq!(super::svg("update,tokens\n"), None);
    }
}
