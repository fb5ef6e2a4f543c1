//! `GET /languages`

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::actors::router::Timings;
use crate::http::auth::bearer::ContactToken;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::{Api, reply};

/// The two-letter codes of ISO 639-1 that a contact's profile takes: all 183 of them.
pub(super) const LANGUAGES: &str = "AA AB AE AF AK AM AN AR AS AV AY AZ BA BE BG BI BM BN BO BR BS CA CE CH CO CR CS CU CV CY DA DE DV DZ EE EL EN EO ES ET EU FA FF FI FJ FO FR FY GA GD GL GN GU GV HA HE HI HO HR HT HU HY HZ IA ID IE IG II IK IO IS IT IU JA JV KA KG KI KJ KK KL KM KN KO KR KS KU KV KW KY LA LB LG LI LN LO LT LU LV MG MH MI MK ML MN MR MS MT MY NA NB ND NE NG NL NN NO NR NV NY OC OJ OM OR OS PA PI PL PS PT QU RM RN RO RU RW SA SC SD SE SG SI SK SL SM SN SO SQ SR SS ST SU SV SW TA TE TG TH TI TK TL TN TO TR TS TT TW TY UG UK UR UZ VE VI VO WA WO XH YI YO ZA ZH ZU";

/// Whether this is one of them, in either case.
pub(in super::super) fn is_language(code: &str) -> bool {
    let mut codes = LANGUAGES.split_ascii_whitespace();
    codes.any(|it| it.eq_ignore_ascii_case(code))
}

/// A language.
#[derive(Debug, Serialize, ToSchema)]
struct Language {
    /// ISO 639-1.
    language_code: &'static str,
}

/// The languages that a contact may have.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Languages {
    content: Vec<Language>,
}

/// List the languages that a profile may name.
#[utoipa::path(
    get, path = "/languages", tag = "Contact", security(("access_token" = [])),
    responses(
        (status = 200, description = "All of them", body = Languages),
        (status = 401, description = "No token, or one that does not work", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(_api): State<Api>,
    token: ContactToken,
) -> Result<Response, Problem> {
    let codes = LANGUAGES.split_ascii_whitespace();
    let languages = Languages {
        content: codes
            .map(|language_code| Language { language_code })
            .collect(),
    };
    let timings = reply::timings(&token, Timings::default());
    Ok(reply::json(StatusCode::OK, &languages, timings))
}
