//! The result as one page that opens without a network: figures, plots, and the data behind them.

use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use super::chart::{Axis, Chart, Figures, Line, Scale, escape};
use super::machine::Machine;
use super::ramp::RampReport;
use super::report::{CurvePoint, Report};
use super::timeline::Window;
use super::{BenchError, Finished};

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:900px;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.3rem}dl{display:flex;flex-wrap:wrap;gap:1rem 2.5rem;margin:1.5rem 0}dt{font-size:.8rem;opacity:.7}\
dd{margin:0;font-size:1.6rem;font-weight:600}pre{overflow:auto;font-size:.8rem;line-height:1.3}svg{width:100%;height:auto;margin:1rem 0}";

const MICROSECONDS: Axis<'_> = Axis {
    label: "latency",
    scale: Scale::Log,
    figures: Figures::Microseconds,
};

/// Makes sure that a page can be written there, before hours of load.
///
/// # Errors
/// When it cannot.
pub(super) async fn check(path: &Path) -> Result<(), BenchError> {
    tokio::fs::File::create(path)
        .await
        .map(drop)
        .map_err(|source| unwritable(path, source))
}

/// Writes the page.
///
/// # Errors
/// When the file cannot be written.
pub(super) async fn write(path: &Path, page: &str) -> Result<(), BenchError> {
    tokio::fs::write(path, page)
        .await
        .map_err(|source| unwritable(path, source))
}

fn unwritable(path: &Path, source: std::io::Error) -> BenchError {
    BenchError::ReportUnwritable {
        path: path.to_owned(),
        source,
    }
}

/// Draws up the page of a run, which was measured by this command on this machine.
pub(super) fn render(finished: &Finished, command: &str, machine: &Machine) -> String {
    let (headline, run, mut charts) = match finished {
        Finished::Run(report) => (report.headline(), Some(report), Vec::new()),
        Finished::Ramp(ramp) => (ramp.headline(), ramp.at_knee.as_ref(), ramp_charts(ramp)),
        Finished::Storm(storm) => (storm.headline(), Some(&storm.storm), Vec::new()),
    };
    if let Some(report) = run {
        charts.extend(run_charts(report));
    }
    let tiles: String = run
        .map(tiles)
        .into_iter()
        .flatten()
        .map(|(name, figure)| format!("<div><dt>{name}</dt><dd>{figure}</dd></div>"))
        .collect();
    let data = json!({
        "command": command,
        "machine": machine,
        "result": as_json(finished),
        "detail": run.map(|report| as_json(&report.detail)),
    });
    // Inside a script element only its end tag has a meaning, and JSON can spell it otherwise.
    let data = data.to_string().replace('<', "\\u003c");
    let [headline, printed, command, machine] =
        [&headline, &finished.to_text(), command, &machine.describe()].map(escape);
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{headline}</title><style>{STYLE}</style>\n<h1>{headline}</h1>\n<dl>{tiles}</dl>\n{charts}\n\
         <pre>{printed}</pre>\n<p><code>{command}</code></p>\n<p>{machine}; the generator shares it with a node on a loopback address.</p>\n\
         <script type=\"application/json\" id=\"data\">{data}</script></html>\n",
        charts = charts.join("\n"),
    )
}

fn as_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn tiles(report: &Report) -> Vec<(&'static str, String)> {
    let mut tiles = vec![("answered a second", format!("{:.0}", report.achieved_rate))];
    if let Some(latency) = report.latency_us {
        let in_ms = |us: u64| format!("{:.2} ms", us as f64 / 1_000.0);
        tiles.push(("p50", in_ms(latency.p50)));
        tiles.push(("p99", in_ms(latency.p99)));
        tiles.push(("p99.9", in_ms(latency.p99_9)));
    }
    tiles.push(("errors", report.errors_total.to_string()));
    tiles
}

fn run_charts(report: &Report) -> Vec<String> {
    let windows = &report.detail.timeline;
    let over_time =
        |of: fn(&Window) -> f64| windows.iter().map(move |at| (at.until_seconds, of(at)));
    let seconds = Axis {
        label: "seconds from the start of the measurement",
        scale: Scale::Linear,
        figures: Figures::Seconds,
    };
    let line = |name, of| Line {
        name,
        points: over_time(of).collect(),
    };
    let curve = Chart {
        title: "Latency by percentile",
        x: Axis {
            label: "share of the requests that were at least as quick",
            scale: Scale::Log,
            figures: Figures::Quantile,
        },
        y: MICROSECONDS,
        lines: vec![Line {
            name: "latency",
            points: report.detail.percentiles.iter().filter_map(place).collect(),
        }],
    };
    let rate = Chart {
        title: "Answers over time",
        x: seconds,
        y: Axis {
            label: "answers a second",
            scale: Scale::Linear,
            figures: Figures::Count,
        },
        lines: vec![
            line("successes", |at| at.rate),
            line("everything else", |at| at.other_rate),
        ],
    };
    let latency = Chart {
        title: "Latency over time",
        x: seconds,
        y: MICROSECONDS,
        lines: vec![
            line("p50", |at| at.p50_us as f64),
            line("p99", |at| at.p99_us as f64),
            line("p99.9", |at| at.p99_9_us as f64),
            line("max", |at| at.max_us as f64),
        ],
    };
    [curve, rate, latency].iter().map(Chart::to_svg).collect()
}

/// Where a quantile lies on an axis on which each further nine is equally far; 1 itself lies nowhere.
fn place(point: &CurvePoint) -> Option<(f64, f64)> {
    (point.quantile < 1.0).then(|| (1.0 / (1.0 - point.quantile), point.us as f64))
}

fn ramp_charts(ramp: &RampReport) -> Vec<String> {
    let mut steps: Vec<_> = ramp.steps.iter().collect();
    steps.sort_by_key(|step| step.offered);
    // Of two tries at one rate the second counts.
    steps.reverse();
    steps.dedup_by_key(|step| step.offered);
    steps.reverse();
    let offered = Axis {
        label: "arrivals a second",
        scale: Scale::Linear,
        figures: Figures::Count,
    };
    let percentile = |name, of: fn(&super::ramp::Step) -> Option<u64>| Line {
        name,
        points: steps
            .iter()
            .filter_map(|step| Some((f64::from(step.offered), of(step)? as f64)))
            .collect(),
    };
    let latency = Chart {
        title: "Latency over the offered rate",
        x: offered,
        y: MICROSECONDS,
        lines: vec![
            percentile("p50", |step| step.p50_us),
            percentile("p99", |step| step.p99_us),
            percentile("p99.9", |step| step.p99_9_us),
        ],
    };
    let goodput = Chart {
        title: "Answers over the offered rate",
        x: offered,
        y: Axis {
            label: "answers a second",
            scale: Scale::Linear,
            figures: Figures::Count,
        },
        lines: vec![
            Line {
                name: "answered",
                points: steps
                    .iter()
                    .map(|step| (f64::from(step.offered), step.goodput))
                    .collect(),
            },
            Line {
                name: "offered",
                points: steps
                    .iter()
                    .map(|step| (f64::from(step.offered), f64::from(step.offered)))
                    .collect(),
            },
        ],
    };
    [latency, goodput].iter().map(Chart::to_svg).collect()
}
