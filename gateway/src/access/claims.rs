//! What a token claims (RFC 7519, section 4; RFC 9068), once its signature is known to be good.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::settings::Jwt;
use super::{Denied, is_name};
use crate::caller::Principal;

/// The most groups that one can be in: issuers send at most some hundreds.
const MOST_GROUPS: usize = 1000;

/// Whom a token is for, where it is good for this gateway at the time `now`, in seconds since 1970.
pub(super) fn judge(claims: &Map<String, Value>, wanted: &Jwt, now: u64) -> Result<Arc<Principal>, Denied> {
    if claims.get("iss").and_then(Value::as_str) != Some(&wanted.issuer) {
        return Err(Denied::Invalid("the token is from another issuer"));
    }
    if !strings(claims.get("aud")).is_some_and(|audience| audience.contains(&wanted.audience.as_str())) {
        return Err(Denied::Invalid("the token is for another audience"));
    }
    let leeway = wanted.leeway as f64;
    let now = now as f64;
    match claims.get("exp").and_then(Value::as_f64) {
        Some(end) if now < end + leeway => {}
        Some(_) => return Err(Denied::Invalid("the token has expired")),
        None => return Err(Denied::Invalid("the token does not say when it expires")),
    }
    match claims.get("nbf").map(Value::as_f64) {
        None => {}
        Some(Some(beginning)) if beginning <= now + leeway => {}
        Some(_) => return Err(Denied::Invalid("the token is not yet good")),
    }
    let principal = principal(claims, wanted)?;
    if !has_scopes(claims, &wanted.required_scopes) {
        return Err(Denied::Scope);
    }
    Ok(principal)
}

fn principal(claims: &Map<String, Value>, wanted: &Jwt) -> Result<Arc<Principal>, Denied> {
    let name = claims.get(&wanted.principal_claim).and_then(Value::as_str).filter(|name| is_name(name));
    let name = name.ok_or(Denied::Invalid("the token does not say who its owner is"))?;
    let groups = match claims.get(&wanted.groups_claim) {
        None | Some(Value::Null) => Some(Vec::new()),
        groups => strings(groups),
    };
    let groups = groups
        .filter(|groups| groups.len() <= MOST_GROUPS && groups.iter().all(|group| is_name(group)))
        .ok_or(Denied::Invalid("the groups of the token can not be read"))?;
    let groups: Vec<String> = groups.into_iter().map(str::to_owned).collect();
    Ok(Principal::known("user", name, &groups))
}

/// Scopes stand in one text (RFC 8693, section 4.2), or, as some issuers have it, in a list.
fn has_scopes(claims: &Map<String, Value>, required: &[String]) -> bool {
    let granted = ["scope", "scp"].into_iter().find_map(|claim| claims.get(claim));
    let granted: Vec<&str> =
        strings(granted).unwrap_or_default().into_iter().flat_map(|text| text.split(' ')).collect();
    required.iter().all(|scope| granted.contains(&scope.as_str()))
}

/// One text, or a list of nothing else.
fn strings(value: Option<&Value>) -> Option<Vec<&str>> {
    match value? {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Denied, judge};
    use crate::access::settings::Jwt;

    const NOW: u64 = 1_000_000;

    fn wanted(scopes: &[&str]) -> Jwt {
        let text = "issuer = 'https://issuer'\naudience = 'https://here/mcp'\njwks_url = 'u'\n";
        let text = format!("{text}groups_claim = 'roles'\nrequired_scopes = {scopes:?}");
        toml::from_str(&text).unwrap()
    }

    /// Good claims, but for these members. Null takes one away.
    fn with(changed: &Value, scopes: &[&str]) -> Result<String, Denied> {
        let mut claims = json!({
            "iss": "https://issuer", "aud": "https://here/mcp", "exp": NOW + 60, "sub": "ada", "scope": "a b"
        });
        let claims = claims.as_object_mut().unwrap();
        for (name, value) in changed.as_object().unwrap() {
            claims.insert(name.clone(), value.clone());
        }
        claims.retain(|_, value| !value.is_null());
        let principal = judge(claims, &wanted(scopes), NOW)?;
        Ok(format!("{} {}", principal.name, principal.groups.join(",")).trim_end().to_owned())
    }

    #[test]
    fn what_a_token_claims_must_be_meant_for_here_and_now() {
        let is_good = |changed: Value| {
            let said = with(&changed, &[]);
            assert!(matches!(said, Ok(_) | Err(Denied::Invalid(_))), "{changed}");
            said.is_ok()
        };
        for (changed, good) in [
            (json!({}), true),
            (json!({"iss": "https://issuer/"}), false),
            (json!({"iss": ["https://issuer"]}), false),
            (json!({"iss": null}), false),
            (json!({"aud": ["x", "https://here/mcp"]}), true),
            (json!({"aud": ["x"]}), false),
            (json!({"aud": []}), false),
            (json!({"aud": ["https://here/mcp", 1]}), false),
            (json!({"aud": "https://here/mcp/more"}), false),
            (json!({"aud": null}), false),
            (json!({"exp": NOW - 29}), true),
            (json!({"exp": NOW - 30}), false),
            (json!({"exp": NOW as f64 + 0.5}), true),
            (json!({"exp": "9999999999"}), false),
            (json!({"exp": null}), false),
            (json!({"exp": -1}), false),
            (json!({"exp": 1e300}), true),
            (json!({"nbf": NOW + 30}), true),
            (json!({"nbf": NOW + 31}), false),
            (json!({"nbf": "0"}), false),
            (json!({"sub": null}), false),
            (json!({"sub": ""}), false),
            (json!({"sub": 7}), false),
            (json!({"sub": "ada\n"}), false),
            (json!({"sub": "a".repeat(257)}), false),
            (json!({"roles": {"a": true}}), false),
            (json!({"roles": [["a"]]}), false),
            (json!({"roles": ["a\u{1b}"]}), false),
            (json!({"roles": vec!["a"; 1001]}), false),
        ] {
            assert_eq!(is_good(changed.clone()), good, "{changed}");
        }
    }

    #[test]
    fn an_owner_and_his_groups_are_taken_from_their_claims() {
        for (changed, principal) in [
            (json!({}), "user:ada"),
            (json!({"roles": ["ops", "dev", "ops"]}), "user:ada group:dev,group:ops"),
            (json!({"roles": "ops"}), "user:ada group:ops"),
            (json!({"groups": ["ops"]}), "user:ada"),
        ] {
            assert_eq!(with(&changed, &[]).as_deref(), Ok(principal), "{changed}");
        }
    }

    #[test]
    fn every_scope_that_is_required_must_be_granted() {
        for (changed, good) in [
            (json!({}), true),
            (json!({"scope": "a bc"}), false),
            (json!({"scope": "c b a"}), true),
            (json!({"scope": null}), false),
            (json!({"scope": null, "scp": ["a", "b"]}), true),
            (json!({"scope": ["a", 1]}), false),
        ] {
            let said = with(&changed, &["a", "b"]);
            assert_eq!(said.is_ok(), good, "{changed}");
            assert!(good || said == Err(Denied::Scope));
        }
    }
}
