//! Draws one chart: JSON on standard input, SVG on standard output. It is how the laboratories that are no Rust come to the same
//! plots as `clientele bench --report`.
//!
//! `{"title": …, "x": {"label": …, "scale": "linear" | "log", "figures": "count" | "microseconds" | "seconds"}, "y": {…},
//! "lines": [{"name": …, "points": [[x, y], …]}]}`
#![allow(
    clippy::expect_used,
    reason = "what cannot be drawn is a mistake of the caller, who is told which"
)]

use std::io::Write;

use clientele::cli::bench::chart::{Axis, Chart, Figures, Line, Scale};
use serde::Deserialize;

#[derive(Deserialize)]
struct Asked {
    title: String,
    x: AskedAxis,
    y: AskedAxis,
    lines: Vec<AskedLine>,
}

#[derive(Deserialize)]
struct AskedAxis {
    label: String,
    scale: AskedScale,
    figures: AskedFigures,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum AskedScale {
    Linear,
    Log,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum AskedFigures {
    Count,
    Microseconds,
    Seconds,
}

#[derive(Deserialize)]
struct AskedLine {
    name: String,
    points: Vec<(f64, f64)>,
}

fn axis(asked: &AskedAxis) -> Axis<'_> {
    Axis {
        label: &asked.label,
        scale: match asked.scale {
            AskedScale::Linear => Scale::Linear,
            AskedScale::Log => Scale::Log,
        },
        figures: match asked.figures {
            AskedFigures::Count => Figures::Count,
            AskedFigures::Microseconds => Figures::Microseconds,
            AskedFigures::Seconds => Figures::Seconds,
        },
    }
}

fn main() {
    let asked: Asked = serde_json::from_reader(std::io::stdin()).expect("a chart as JSON");
    let lines = asked.lines.iter().map(|line| Line {
        name: &line.name,
        points: line.points.clone(),
    });
    let chart = Chart {
        title: &asked.title,
        x: axis(&asked.x),
        y: axis(&asked.y),
        lines: lines.collect(),
    };
    writeln!(std::io::stdout(), "{}", chart.to_svg()).expect("someone reads");
}
