//! Rules that a type and a range cannot say: between settings, and about what a value means.

use super::Config;
use super::load::Loaded;
use super::problem::Problem;
use crate::limits::LETTER_PAGE_BYTES_MAX;
use crate::network::{self, Networks};

/// Everything that is wrong.
pub(super) fn problems(loaded: &Loaded) -> Vec<Problem> {
    let config = &loaded.config;
    let mut faults: Vec<(&str, String, &str)> = Vec::new();

    of_server(config, &mut faults);
    if config.storage.data_dir.as_os_str().is_empty() {
        faults.push((
            "storage.data_dir",
            "is empty".to_owned(),
            "name a directory on a local disk, such as /var/lib/clientele",
        ));
    }
    if config.actors.under_way_per_entity > config.actors.under_way_per_shard {
        faults.push((
            "actors.under_way_per_entity",
            format!(
                "is {}, more than actors.under_way_per_shard ({}) admits",
                config.actors.under_way_per_entity, config.actors.under_way_per_shard
            ),
            "lower it, or raise the shard's",
        ));
    }
    if config.limits.connections_per_address > config.limits.connections {
        faults.push((
            "limits.connections_per_address",
            format!(
                "is {}, more than limits.connections ({}) allows in all",
                config.limits.connections_per_address, config.limits.connections
            ),
            "lower it, or raise limits.connections",
        ));
    }
    if let Err(error) = crate::logging::filter(&config.log.level) {
        faults.push((
            "log.level",
            format!("does not fit: {error}"),
            "write error, warn, info, debug or trace, or directives such as info,clientele::actors=debug",
        ));
    }
    if let Err(error) = crate::egress::Guard::parse(&config.outbound.allow_networks) {
        faults.push((
            "outbound.allow_networks",
            format!("does not fit: {error}"),
            "write networks with commas between, such as 10.1.0.0/16, fd00::/8, or leave the setting out",
        ));
    }
    let file_sink = config.outbound.file_sink_dir.as_ref();
    if file_sink.is_some_and(|path| path.as_os_str().is_empty()) {
        faults.push((
            "outbound.file_sink_dir",
            "is empty".to_owned(),
            "name a directory, or leave the setting out",
        ));
    }
    let letters = &config.letters;
    for (setting, page) in [
        ("letters.invitation_page", &letters.invitation_page),
        ("letters.verification_page", &letters.verification_page),
        ("letters.reset_page", &letters.reset_page),
    ] {
        let fault = match network::token_page(page) {
            Err(error) => Some(format!("does not fit: {error}")),
            Ok(_) if page.len() > LETTER_PAGE_BYTES_MAX => Some("is too long".to_owned()),
            Ok(_) => None,
        };
        if let Some(fault) = fault {
            faults.push((
                setting,
                fault,
                "write an address of at most 500 bytes, such as https://office.example.com/accept?token={token}, or leave the setting out",
            ));
        }
    }
    if let Err(error) = crate::secrets::KeyId::list(&config.tokens.withdrawn_keys) {
        faults.push((
            "tokens.withdrawn_keys",
            format!("does not fit: {error}"),
            "write each kid as GET /.well-known/jwks.json shows it, with commas between",
        ));
    }
    if config
        .secrets
        .root_key_file
        .as_ref()
        .is_some_and(|path| path.as_os_str().is_empty())
    {
        faults.push((
            "secrets.root_key_file",
            "is empty".to_owned(),
            "name the file, or leave the setting out",
        ));
    }

    faults
        .into_iter()
        .map(|(setting, fault, remedy)| Problem {
            setting: setting.to_owned(),
            origin: loaded.origin(setting),
            fault,
            remedy: remedy.to_owned(),
        })
        .collect()
}

/// What is wrong about where the API listens and is reached.
fn of_server(config: &Config, faults: &mut Vec<(&str, String, &str)>) {
    if config.server.listen.port() != 0 && config.server.listen == config.admin.listen {
        faults.push((
            "admin.listen",
            format!("is {}, as is server.listen", config.admin.listen),
            "give each an address or port of its own",
        ));
    }
    if let Err(error) = network::public_url(&config.server.public_url) {
        faults.push((
            "server.public_url",
            format!("does not fit: {error}"),
            "write what callers reach this node by, such as https://crm.example.com, or leave the setting out",
        ));
    }
    if let Err(error) = network::origins(&config.server.allowed_origins) {
        faults.push((
            "server.allowed_origins",
            format!("does not fit: {error}"),
            "write each origin as browsers do, with commas between them, such as https://shop.example.com",
        ));
    }
    if let Err(error) = config.server.trusted_proxies.parse::<Networks>() {
        faults.push((
            "server.trusted_proxies",
            format!("does not fit: {error}"),
            "write addresses and networks with commas between them, such as 10.0.0.0/8, 192.0.2.7",
        ));
    }
}
