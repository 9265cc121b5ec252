//! The screen of a run: what events make of it, what keys ask for, how it is drawn. Times are given to it, and which
//! terminal it is drawn on is for `terminal` to know.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Borders, Chart, Dataset, Gauge, GraphType, Paragraph};
use ratatui_crossterm::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// Log lines that are kept; as many stay in the terminal after the end.
const KEPT: usize = 100;

/// What the last updates came to, means since the last log line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Measured {
    /// A token's loss.
    pub loss: f64,
    /// Length of the gradient.
    pub norm: f64,
    /// Learning rate.
    pub rate: f64,
    /// Speed.
    pub tokens_a_second: f64,
    /// Share of what the device's matrix products reach.
    pub of_peak: Option<f64>,
}

/// What is known of a run.
#[derive(Debug, Default)]
pub struct Screen {
    title: String,
    /// What ends the run: `120 updates`, `3 epochs`.
    end: String,
    update: u64,
    /// At the start and after each update: when, and which share of the run was done.
    marks: Vec<(Duration, f64)>,
    training: Vec<(f64, f64)>,
    validation: Vec<(f64, f64)>,
    measured: Option<Measured>,
    /// Of which update, and when; `None` is before this start.
    snapshot: Option<(u64, Option<Duration>)>,
    lines: Vec<String>,
    stopping: bool,
}

impl Screen {
    /// Of a run that begins, or goes on, after `update` with `share` of it done; `curve` is its `curve.csv` so far.
    #[must_use]
    pub fn new(title: String, end: String, update: u64, share: f64, curve: &str) -> Self {
        let column = |place: usize| -> Vec<(f64, f64)> {
            let rows = curve.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
            rows.filter_map(|row| Some((row.first()?.parse().ok()?, row.get(place)?.parse().ok()?))).collect()
        };
        Self {
            title,
            end,
            update,
            marks: vec![(Duration::ZERO, share)],
            training: column(3),
            validation: column(4),
            snapshot: (update > 0).then_some((update, None)),
            ..Self::default()
        }
    }

    /// An update was made.
    pub fn update(&mut self, update: u64, share: f64, measured: Measured, now: Duration) {
        self.update = update;
        self.marks.push((now, share));
        self.measured = Some(measured);
    }

    /// The means of the last updates are a point of the curve.
    pub fn measured(&mut self) {
        self.training.extend(self.measured.map(|measured| (self.update as f64, measured.loss)));
    }

    /// The held-out batches were tried.
    pub fn validated(&mut self, loss: f64) {
        self.validation.push((self.update as f64, loss));
    }

    /// A snapshot was written.
    pub fn saved(&mut self, now: Duration) {
        self.snapshot = Some((self.update, Some(now)));
    }

    /// A line for the log.
    pub fn line(&mut self, line: &str) {
        self.lines.push(line.to_owned());
        self.lines.drain(..self.lines.len().saturating_sub(KEPT));
    }

    /// The log, oldest first.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Whether someone asked to stop after the update that goes on.
    #[must_use]
    pub const fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// `q` and Ctrl-C ask to stop. True if the program has to end at once: Ctrl-C when it was asked before.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        if key.kind != KeyEventKind::Press || !(interrupt || key.code == KeyCode::Char('q')) {
            return false;
        }
        let asked_before = std::mem::replace(&mut self.stopping, true);
        asked_before && interrupt
    }

    /// How long it takes to the end, if the rest goes as the later half of the updates since this start did, with all
    /// validations and snapshots between them.
    fn left(&self, now: Duration) -> Option<Duration> {
        let (from, to) = (self.marks.get((self.marks.len() - 1) / 2)?, self.marks.last()?);
        let (seconds, share) = ((to.0.checked_sub(from.0)?).as_secs_f64(), to.1 - from.1);
        let rest = Duration::try_from_secs_f64((1.0 - to.1).max(0.0) * seconds / share).ok()?;
        Some(rest.saturating_sub(now.saturating_sub(to.0)))
    }

    /// Draws everything as it is at `now`.
    pub fn draw(&self, frame: &mut Frame, now: Duration) {
        let [title, gauge, figures, chart, log, keys] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(1),
            Constraint::Length(2),
            Constraint::Min(0),
            Constraint::Max(9),
            Constraint::Length(1),
        ])
        .areas(frame.area());
        let position = format!("{}: update {} of {}", self.title, self.update, self.end);
        frame.render_widget(Line::from(position).bold(), title);
        let share = self.marks.last().map_or(0.0, |mark| mark.1).clamp(0.0, 1.0);
        let left =
            self.left(now).map_or_else(|| "time left not known yet".to_owned(), |left| shown(left) + " left");
        let label = format!("{:.0} %, {} since this start, {left}", (100.0 * share).floor(), shown(now));
        frame.render_widget(Gauge::default().ratio(share).gauge_style(Color::Cyan).label(label), gauge);
        frame.render_widget(Paragraph::new(self.figures(now)), figures);
        self.draw_curve(frame, chart);
        let block = Block::new().borders(Borders::TOP).title(" log ");
        let rows = block.inner(log).height as usize;
        let newest = self.lines.iter().skip(self.lines.len().saturating_sub(rows));
        let newest: Vec<Line> = newest.map(|line| Line::from(line.as_str())).collect();
        frame.render_widget(Paragraph::new(newest).block(block), log);
        frame.render_widget(
            match self.stopping {
                false => Line::from("q: stop after this update, with a snapshot").dim(),
                true => {
                    Line::from("stopping after this update, with a snapshot; Ctrl-C: now, without").bold()
                }
            },
            keys,
        );
    }

    fn figures(&self, now: Duration) -> Vec<Line<'static>> {
        let Some(Measured { loss, norm, rate, tokens_a_second, of_peak }) = self.measured else {
            return vec!["the first update goes on".into(), self.snapshot_shown(now).into()];
        };
        let validation = self.validation.last().map_or_else(
            || "not tried yet".to_owned(),
            |(update, loss)| format!("{loss:.4} (update {update})"),
        );
        let share = of_peak.map_or_else(String::new, |share| format!(" ({:.0} % of peak)", 100.0 * share));
        vec![
            format!(
                "loss {loss:.4}   validation {validation}   learning rate {rate:.2e}   gradient {norm:.3}"
            )
            .into(),
            format!("{tokens_a_second:.0} tokens/s{share}   {}", self.snapshot_shown(now)).into(),
        ]
    }

    fn snapshot_shown(&self, now: Duration) -> String {
        match self.snapshot {
            None => "no snapshot yet".to_owned(),
            Some((update, None)) => format!("last snapshot: update {update}, before this start"),
            Some((update, Some(then))) => {
                format!("last snapshot: update {update}, {} ago", shown(now.saturating_sub(then)))
            }
        }
    }

    fn draw_curve(&self, frame: &mut Frame, area: ratatui::layout::Rect) {
        let mut training = self.training.clone();
        // Where the curve goes since its last point.
        training.extend(self.measured.map(|measured| (self.update as f64, measured.loss)));
        // The steep fall at the beginning would leave no height for all that comes after.
        let later = if training.len() < 20 { 0.0 } else { training[training.len() / 10].0 };
        let points = || training.iter().chain(&self.validation).copied();
        let (low, high) = points()
            .filter(|point| point.0 >= later)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), point| {
                (low.min(point.1), high.max(point.1))
            });
        let (first, last) = points()
            .fold((f64::INFINITY, 0.0), |(first, last): (f64, f64), p| (first.min(p.0), last.max(p.0)));
        let block = Block::new().borders(Borders::TOP).title(" loss: line training, dots validation ");
        if !(low.is_finite() && high.is_finite() && last > first) {
            return frame.render_widget(block, area);
        }
        let (low, high) = if high - low < 1e-3 { (low - 0.5, high + 0.5) } else { (low, high) };
        let labels = [low, f64::midpoint(low, high), high].map(|loss| format!("{loss:.3}"));
        let data = vec![
            Dataset::default().marker(Marker::Braille).graph_type(GraphType::Line).cyan().data(&training),
            Dataset::default().marker(Marker::Dot).yellow().data(&self.validation),
        ];
        let chart = Chart::new(data)
            .block(block)
            .x_axis(
                Axis::default().bounds([first, last]).labels([format!("{first}"), format!("update {last}")]),
            )
            .y_axis(Axis::default().bounds([low, high]).labels(labels));
        frame.render_widget(chart, area);
    }
}

/// `4:05`, `3:04:05`, `2 d 3:04:05`.
fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes, rest) =
        (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}:{rest:02}"),
        (0, _) => format!("{hours}:{minutes:02}:{rest:02}"),
        _ => format!("{days} d {hours}:{minutes:02}:{rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    const CURVE: &str = "update,tokens,seconds,training_loss,validation_loss,learning_rate,tokens_per_second\n\
                         10,5120,9,9.50000,,1e-3,550\n20,10240,18,8.00000,,2e-3,560\n20,10240,18,,8.25000,,\n";

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn drawn(screen: &Screen, (width, height): (u16, u16), now: Duration) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| screen.draw(frame, now)).unwrap();
        terminal.backend().to_string()
    }

    fn resumed() -> Screen {
        Screen::new("smoke on cpu".to_owned(), "120 updates".to_owned(), 20, 20.0 / 120.0, CURVE)
    }

    fn measured(loss: f64) -> Measured {
        Measured { loss, norm: 0.75, rate: 4.5e-3, tokens_a_second: 1480.0, of_peak: Some(0.31) }
    }

    #[test]
    fn a_resumed_run_shows_where_it_is_and_what_was_before() {
        let mut screen = resumed();
        let before = drawn(&screen, (90, 26), seconds(1));
        for part in [
            "smoke on cpu: update 20 of 120 updates",
            "16 %",
            "time left not known",
            "update 20, before this start",
        ] {
            assert!(before.contains(part), "{part} is missing in\n{before}");
        }
        for update in 21..=60 {
            screen.update(update, update as f64 / 120.0, measured(7.25), seconds(update - 20));
        }
        screen.measured();
        screen.validated(7.5);
        screen.saved(seconds(41));
        screen.line("update 60 epoch 1.000 loss 7.2500");
        let after = drawn(&screen, (90, 26), seconds(45));
        for part in [
            "update 60 of 120 updates",
            "50 %, 0:45 since this start, 0:55 left",
            "loss 7.2500   validation 7.5000 (update 60)   learning rate 4.50e-3   gradient 0.750",
            "1480 tokens/s (31 % of peak)   last snapshot: update 60, 0:04 ago",
            "update 60 epoch 1.000",
            "9.500",
            "7.250",
            "•",
            "q: stop after this update",
        ] {
            assert!(after.contains(part), "{part} is missing in\n{after}");
        }
        assert!(after.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c)), "no line in\n{after}");
    }

    #[test]
    fn the_time_left_follows_the_later_updates_and_counts_down_between_them() {
        let mut screen = Screen::new(String::new(), String::new(), 0, 0.0, "");
        assert_eq!(screen.left(seconds(9)), None);
        screen.update(1, 0.25, measured(9.0), seconds(100));
        assert_eq!(screen.left(seconds(100)), Some(seconds(300)));
        screen.update(2, 0.5, measured(9.0), seconds(110));
        assert_eq!(screen.left(seconds(110)), Some(seconds(20)));
        assert_eq!(screen.left(seconds(115)), Some(seconds(15)));
        assert_eq!(screen.left(seconds(500)), Some(seconds(0)));
    }

    #[test]
    fn q_and_control_c_stop_after_the_update_and_a_second_control_c_at_once() {
        let press = |code, modifiers| KeyEvent::new(KeyCode::Char(code), modifiers);
        let (q, interrupt) = (press('q', KeyModifiers::NONE), press('c', KeyModifiers::CONTROL));
        let mut screen = resumed();
        let released = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        for other in [press('x', KeyModifiers::NONE), press('c', KeyModifiers::NONE), released] {
            assert!(!screen.key(other) && !screen.is_stopping());
        }
        for asking in [q, interrupt] {
            screen = resumed();
            assert!(!screen.key(asking) && screen.is_stopping());
            assert!(drawn(&screen, (90, 26), seconds(1)).contains("stopping after this update"));
            assert!(!screen.key(q), "impatience with q ends nothing");
            assert!(screen.key(interrupt));
        }
    }

    #[test]
    fn any_size_of_a_terminal_can_be_drawn_on_and_long_logs_are_cut() {
        let mut screen = resumed();
        (0..300).for_each(|i| screen.line(&format!("line {i}")));
        assert_eq!((screen.lines().len(), screen.lines()[0].as_str()), (KEPT, "line 200"));
        screen.update(21, 0.2, measured(1.0), seconds(1));
        for size in [(1, 1), (20, 5), (40, 12), (250, 80)] {
            drawn(&screen, size, seconds(2));
        }
        assert!(drawn(&screen, (60, 20), seconds(2)).contains("line 299"));
    }
}
