//! What people of the Back Office read where contacts do: by their own token, in its mode and network, as far as their roles go.

use clientele::domain::api_key::{Scope, Scopes};
use clientele::domain::ids::Named;
use http::Method;
use serde_json::json;

use crate::client::{Answer, Ask};
use crate::commerce::bought;
use crate::contact_changes::{looks, refused};
use crate::keys::strangers;
use crate::node::TestNode;
use crate::users::Session;

const STRANGER: (&str, &str) = ("eve@example.com", "evil stoat 66");

fn reads(node: &TestNode, token: &str, path: &str) -> Ask {
    node.own(Method::GET, path, token).without("api_key")
}

/// What each path answers to whoever's session it is.
async fn answers(node: &TestNode, session: &Session, paths: &[String]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for path in paths {
        answers.push(reads(node, &session.access, path).send().await);
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_reads_as_far_as_its_roles_network_and_mode_go() {
    let node = TestNode::start().await;
    let buyer = node.contact(0).clone();
    let purchase = bought(&node, &buyer, &json!({})).await;
    let purchase = purchase["id"].as_str().unwrap();
    let wallet = &buyer.wallet_id;
    let of_contacts = [
        format!("/wallets/{wallet}"),
        format!("/wallets/{wallet}/limits"),
        format!("/wallets/{wallet}/summarised_totals"),
        format!("/purchases/{purchase}/rewards"),
    ];
    let owner = node.owner().await;
    let key = node.secret_key("live");
    for (path, member) in
        of_contacts
            .iter()
            .zip(["balances", "limit_rules", "wallet_totals", "content"])
    {
        let by_user = reads(&node, &owner.access, path).send().await;
        assert_eq!(by_user.status, 200, "{path} {by_user:?}");
        assert!(!by_user.json()[member].is_null(), "{path} {by_user:?}");
        let by_key = reads(&node, "", path).without("authorization");
        let by_key = by_key.with("api_key", &key).send().await;
        assert_eq!(by_user.json(), by_key.json(), "{path}");
    }
    let earned = reads(&node, &owner.access, &of_contacts[3]).send().await;
    assert_eq!(earned.json()["content"][0]["type"], "AWARD", "{earned:?}");
    let fields = "/custom_fields?entity=CONTACTS".to_owned();
    let listed = reads(&node, &owner.access, &fields).send().await;
    assert_eq!(
        (listed.status, &listed.json()["content"]),
        (200, &json!([]))
    );

    // Another network's, and the other mode's, are as unknown as what nobody has.
    strangers(&node).await;
    node.stranger_owner(STRANGER.0, STRANGER.1).await;
    let eve = Session::of(&node.typed(STRANGER.0, STRANGER.1).send().await);
    let trier = node.trier().await;
    let nobodys: Vec<_> = of_contacts
        .iter()
        .map(|path| {
            path.replace(wallet, "69691e1e-1d90-8355-8b78-acd41ef577f4")
                .replace(purchase, "69691e1e-1d90-8355-8b78-acd41ef577f4")
        })
        .collect();
    for session in [&eve, &trier] {
        let unknown = answers(&node, session, &nobodys).await;
        let foreign = answers(&node, session, &of_contacts).await;
        for (foreign, unknown) in foreign.iter().zip(&unknown) {
            assert_eq!(unknown.problem(), refused(404, "not_found"));
            assert_eq!(looks(foreign), looks(unknown));
        }
    }
    // A role opens what it says.
    let clerk = node.clerk().await;
    let paths = [&of_contacts[..], std::slice::from_ref(&fields)].concat();
    for (permission, opens) in [
        (Scope::WalletsRead, [true, true, true, false, false]),
        (Scope::PurchasesRead, [false, false, false, true, false]),
        (Scope::SettingsRead, [false, false, false, false, true]),
    ] {
        node.clerks_may(Scopes::of([permission])).await;
        let needed = [
            "wallets.read",
            "wallets.read",
            "wallets.read",
            "purchases.read",
            "settings.read",
        ];
        let answers = answers(&node, &clerk, &paths).await;
        for ((answer, opens), needed) in answers.iter().zip(opens).zip(needed) {
            if opens {
                assert_eq!(answer.status, 200, "{permission:?} {answer:?}");
                continue;
            }
            assert_eq!(answer.problem(), refused(403, "insufficient_scope"));
            let expected = format!(
                "your role \"Clerk\" in this organisation lacks the permission {needed}; a user with the permission users.write can give you a role that has it, or one with roles.write can add it to yours"
            );
            assert_eq!(answer.text("detail"), expected);
        }
    }
    // Nor does anybody give what they have not: that is said of the role as well, and not of a key.
    node.clerks_may(Scopes::of([Scope::RolesWrite])).await;
    let body = json!({ "name": "Till", "permissions": ["offers.read"] });
    let gives = node.sends(&clerk, Method::POST, "/roles", &body).await;
    assert_eq!(gives.problem(), refused(403, "insufficient_scope"));
    let detail = gives.text("detail");
    let expected = "your role \"Clerk\" in this organisation lacks the permission offers.read, and so you neither grant it nor change who has it; a user";
    assert!(detail.starts_with(expected), "{detail}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_reads_what_a_purchase_earned_where_its_organisation_sells_only() {
    let node = TestNode::start().await;
    let purchase = bought(&node, node.contact(0), &json!({})).await;
    let path = format!("/purchases/{}/rewards", purchase["id"].as_str().unwrap());
    for (merchant, status) in node.seed.organisations.merchants.iter().zip([200, 404]) {
        let ids = node.api().router.secrets().public_ids().clone();
        let number = ids.read_as(Named::Organisation, &merchant.id).unwrap();
        let sign_in = node.user_at(number.entity, false).await;
        let owner = Session::of(&sign_in.send().await);
        let read = reads(&node, &owner.access, &path).send().await;
        assert_eq!(read.status, status, "{read:?}");
    }
}
