use axum::body::Body;
use axum::extract::{FromRequest, OptionalFromRequest};
use http::Request;
use serde::Deserialize;
use serde_json::Value;

use super::{Faults, ValidJson, ValidQuery, Validate};
use crate::http::problem::{Code, Problem};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sale {
    till: String,
    lines: Vec<Line>,
    #[serde(default)]
    #[expect(dead_code, reason = "only its presence on the wire matters")]
    notes: Value,
    kind: Option<Kind>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    sku: String,
    count: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    EatIn,
    TakeAway,
}

impl Validate for Sale {
    fn validate(&self, faults: &mut Faults) {
        faults.require(!self.till.is_empty(), "till", "empty", "must not be empty");
        faults.within("lines", |faults| {
            for (index, line) in self.lines.iter().enumerate() {
                faults.at(index, |faults| {
                    faults.require(line.count > 0, "count", "too_small", "must be 1 or more");
                    faults.require(
                        line.sku.len() <= 3,
                        "sku",
                        "too_long",
                        "must have at most 3 characters",
                    );
                });
            }
        });
    }
}

fn refused(body: &str) -> Problem {
    ValidJson::<Sale>::parse(body.as_bytes()).unwrap_err()
}

/// (problem code, first fault's pointer, first fault's code)
fn fault_of(body: &str) -> (Code, String, &'static str) {
    let problem = refused(body);
    let fault = problem.faults().first().expect("a fault");
    (problem.code(), fault.pointer.clone(), fault.code)
}

#[test]
fn a_valid_body_comes_with_its_value_and_hash() {
    let a = ValidJson::<Sale>::parse(
        br#"{"till":"7","lines":[{"sku":"a","count":2}],"kind":"eat_in"}"#,
    )
    .unwrap();
    let b = ValidJson::<Sale>::parse(
        br#"{"kind":"eat_in", "lines":[{"count":2,"sku":"a"}], "till":"7"}"#,
    )
    .unwrap();
    let c = ValidJson::<Sale>::parse(
        br#"{"till":"7","lines":[{"sku":"a","count":3}],"kind":"take_away"}"#,
    )
    .unwrap();
    assert_eq!(a.lines[0].count, 2);
    assert!(matches!(a.kind, Some(Kind::EatIn)) && matches!(c.kind, Some(Kind::TakeAway)));
    assert_eq!(a.hash, b.hash);
    assert_ne!(a.hash, c.hash);
}

#[test]
fn misfits_are_422_with_a_pointer_to_the_field() {
    for (body, code, pointer, fault) in [
        (
            r#"{"till":"7","lines":[],"tlil":1}"#,
            Code::UnknownField,
            "/tlil",
            "unknown_field",
        ),
        (
            r#"{"till":"7","lines":[{"sku":"a","count":1,"x":2}]}"#,
            Code::UnknownField,
            "/lines/0/x",
            "unknown_field",
        ),
        (
            r#"{"till":"7"}"#,
            Code::InvalidRequest,
            "/lines",
            "missing_field",
        ),
        (
            r#"{"till":"7","lines":[{"sku":"a"}]}"#,
            Code::InvalidRequest,
            "/lines/0/count",
            "missing_field",
        ),
        (
            r#"{"till":7,"lines":[]}"#,
            Code::InvalidRequest,
            "/till",
            "wrong_type",
        ),
        (
            r#"{"till":"7","lines":[{"sku":"a","count":"1"}]}"#,
            Code::InvalidRequest,
            "/lines/0/count",
            "wrong_type",
        ),
        (
            r#"{"till":"7","lines":[{"sku":"a","count":-1}]}"#,
            Code::InvalidRequest,
            "/lines/0/count",
            "invalid_value",
        ),
        (
            r#"{"till":"7","lines":[],"kind":"x"}"#,
            Code::InvalidRequest,
            "/kind",
            "invalid_value",
        ),
        (r#"[1]"#, Code::InvalidRequest, "/0", "wrong_type"),
        (r#"null"#, Code::InvalidRequest, "", "wrong_type"),
    ] {
        assert_eq!(fault_of(body), (code, pointer.to_owned(), fault), "{body}");
    }
}

#[test]
fn all_faulty_values_are_named_at_once() {
    let problem =
        refused(r#"{"till":"","lines":[{"sku":"a","count":1},{"sku":"abcd","count":0}]}"#);
    let pointers: Vec<&str> = problem
        .faults()
        .iter()
        .map(|fault| fault.pointer.as_str())
        .collect();
    assert_eq!(pointers, ["/till", "/lines/1/count", "/lines/1/sku"]);
}

#[test]
fn no_value_of_the_input_is_echoed() {
    for body in [
        r#"{"till":"7","lines":[],"kind":"s3cret"}"#,
        r#"{"till":"7","lines":"s3cret"}"#,
        r#"{"till":"7","lines":[{"sku":"a","count":"s3cret, expected s3"}]}"#,
        r#"{"till":"7","lines":[s3cret]}"#,
    ] {
        let problem = refused(body);
        assert!(!format!("{problem:?}").contains("s3"), "{problem:?}");
    }
}

#[test]
fn remedies_are_in_the_words_of_json() {
    let detail = |body| refused(body).detail().to_owned();
    assert_eq!(detail(r#"{"till":"7","lines":3}"#), "/lines must be a list");
    assert_eq!(
        detail(r#"{"till":"7","lines":[{"sku":"a","count":"1"}]}"#),
        "/lines/0/count must be a whole number, 0 or more, within range"
    );
    assert_eq!(
        detail(r#"{"till":"7","lines":[],"kind":1}"#),
        "/kind must be of another type"
    );
    assert_eq!(detail("7"), "the body must be an object");
    assert!(detail(r#"{"till":"7","lines":[],"kind":"x"}"#).contains("eat_in"));
}

#[test]
fn a_duplicate_inside_a_free_form_map_is_a_400() {
    let problem = refused(r#"{"till":"7","lines":[],"notes":{"a":{"b":1,"b":2}}}"#);
    assert_eq!(problem.code(), Code::DuplicateMember);
    assert!(problem.detail().starts_with("/notes/a/b "));
}

#[test]
fn a_free_form_map_may_fill_all_128_levels() {
    let body = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!(r#"{{"till":"7","lines":[],"notes":{open}{close}}}"#)
    };
    assert!(ValidJson::<Sale>::parse(body(127).as_bytes()).is_ok());
    assert_eq!(refused(&body(128)).code(), Code::JsonTooDeep);
}

#[test]
fn bad_utf8_is_a_400_that_names_the_byte() {
    let problem = ValidJson::<Sale>::parse(b"{\"till\":\"\xff\"}").unwrap_err();
    assert_eq!(problem.code(), Code::InvalidUtf8);
    assert!(
        problem.detail().starts_with("byte 9 "),
        "{}",
        problem.detail()
    );
}

fn request(content_type: Option<&str>, body: &str) -> Request<Body> {
    let mut request = Request::post("/");
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    request
        .header("content-length", body.len())
        .body(Body::from(body.to_owned()))
        .unwrap()
}

async fn extract(content_type: Option<&str>, body: &str) -> Result<ValidJson<Sale>, Problem> {
    <ValidJson<Sale> as FromRequest<()>>::from_request(request(content_type, body), &()).await
}

const VALID: &str = r#"{"till":"7","lines":[]}"#;

#[tokio::test]
async fn only_json_in_utf8_is_accepted() {
    for accepted in [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/json;charset=\"utf-8\"",
        "application/json; profile=x",
        "application/merge-patch+json",
    ] {
        assert!(extract(Some(accepted), VALID).await.is_ok(), "{accepted}");
    }
    for refused in [
        "",
        "text/plain",
        "text/json",
        "application/jsonx",
        "application/+json",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
    ] {
        let problem = extract(Some(refused), VALID).await.unwrap_err();
        assert_eq!(problem.code(), Code::UnsupportedMediaType, "{refused}");
    }
    assert_eq!(
        extract(None, VALID).await.unwrap_err().code(),
        Code::UnsupportedMediaType
    );
}

#[tokio::test]
async fn a_body_over_its_limit_is_a_413_stated_or_not() {
    let exact = <ValidJson<Sale, { VALID.len() }> as FromRequest<()>>::from_request;
    assert!(
        exact(request(Some("application/json"), VALID), &())
            .await
            .is_ok()
    );
    let one_more = format!("{VALID} ");
    let stated = request(Some("application/json"), &one_more);
    let mut unstated = request(Some("application/json"), &one_more);
    unstated.headers_mut().remove("content-length");
    assert_eq!(
        exact(stated, &()).await.unwrap_err().code(),
        Code::BodyTooLarge
    );
    assert_eq!(
        exact(unstated, &()).await.unwrap_err().code(),
        Code::BodyTooLarge
    );
}

#[tokio::test]
async fn an_optional_body_may_be_absent_but_not_wrong() {
    let optional = <ValidJson<Sale> as OptionalFromRequest<()>>::from_request;
    assert!(optional(request(None, ""), &()).await.unwrap().is_none());
    assert!(
        optional(request(Some("application/json"), VALID), &())
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        optional(request(Some("application/json"), "{}"), &())
            .await
            .is_err()
    );
}

#[derive(Debug, Deserialize)]
struct Page {
    #[serde(default)]
    page: Option<u32>,
    #[serde(default)]
    include_total: bool,
    #[serde(default)]
    radius: Option<f64>,
}

impl Validate for Page {
    fn validate(&self, faults: &mut Faults) {
        faults.require(self.page != Some(0), "page", "too_small", "counts from 1");
    }
}

#[test]
fn a_query_ignores_unknown_parameters_and_names_wrong_ones() {
    let page = ValidQuery::<Page>::parse("page=2&utm_source=x&include_total=true").unwrap();
    assert_eq!(
        (page.page, page.include_total, page.radius),
        (Some(2), true, None)
    );
    let whole = "must be a whole number within range";
    for (query, pointer, code, detail) in [
        ("page=two", "page", "invalid_value", whole),
        ("page=", "page", "invalid_value", whole),
        ("page=-1", "page", "invalid_value", whole),
        ("page=4294967296", "page", "invalid_value", whole),
        ("radius=far", "radius", "invalid_value", "must be a number"),
        ("radius=", "radius", "invalid_value", "must be a number"),
        (
            "include_total=maybe",
            "include_total",
            "invalid_value",
            "must be true or false",
        ),
        ("page=0", "page", "too_small", "counts from 1"),
    ] {
        let problem = ValidQuery::<Page>::parse(query).unwrap_err();
        assert_eq!(problem.code(), Code::InvalidRequest);
        let fault = &problem.faults()[0];
        assert_eq!(
            (fault.pointer.as_str(), fault.code, &*fault.detail),
            (pointer, code, detail),
            "{query}"
        );
        assert!(
            !format!("{problem:?}").contains("maybe") && !format!("{problem:?}").contains("two")
        );
    }
}
