//! The metrics of the process: one recorder, rendered for Prometheus by the admin listener.
//!
//! Names end in their unit (`_seconds`, `_records`, `_total`). Labels are few and bounded: never a tenant, an entity or
//! anything that a client chose.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::limits;

/// Installs the recorder of the process. Whoever gets the handle calls [`PrometheusHandle::run_upkeep`] every
/// [`limits::METRICS_UPKEEP_EVERY`].
///
/// # Errors
/// If there is a recorder already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = builder()?.install_recorder()?;
    describe();
    Ok(handle)
}

/// The recorder's settings: buckets by what a name ends in, since without them a histogram becomes quantiles, which
/// cannot be summed over nodes.
pub(crate) fn builder() -> Result<PrometheusBuilder, BuildError> {
    let suffix = |text: &str| Matcher::Suffix(text.to_owned());
    PrometheusBuilder::new()
        .set_buckets_for_metric(suffix("_seconds"), &limits::SECONDS_BUCKETS)?
        .set_buckets_for_metric(suffix("_records"), &limits::COUNT_BUCKETS)
}

fn describe() {
    metrics::describe_gauge!("clientele_build_info", "1, with the version as a label");
    metrics::gauge!("clientele_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}
