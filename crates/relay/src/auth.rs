//! Who a client is and what it may do: tokens (JWT, HS256), or an open relay.
//!
//! Knows neither sockets nor stores. A token is only ever read here, and never shown or kept.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use eyot_core::{DatabaseName, ReplicaId};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

use crate::pattern::DatabasePattern;
use crate::refusal::Code;

/// What tokens are signed with.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// HS256's hash has 256 bits; a shorter key is the weaker of the two.
    pub const MINIMUM_BYTES: usize = 32;

    /// The secret, unless it is too short to be one.
    pub fn new(text: String) -> Option<Self> {
        (text.len() >= Self::MINIMUM_BYTES).then_some(Self(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What a client may do with a database.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Receive.
    Read,
    /// Receive and send.
    Write,
}

/// What one client was granted for one database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// What it may do.
    pub access: Access,
    /// Who it is, by the token's `sub`. An open relay knows nobody.
    pub subject: Option<String>,
    /// The only replica that it may speak for, if the token is bound to one.
    pub replica: Option<ReplicaId>,
    /// When the grant ends, as a time since 1970. An open relay's does not.
    pub expires_at: Option<Duration>,
}

impl Grant {
    /// What everybody gets from an open relay.
    pub const OPEN: Self = Self { access: Access::Write, subject: None, replica: None, expires_at: None };

    /// How long the grant still lasts, if it ends at all.
    pub fn remaining(&self, now: SystemTime) -> Option<Duration> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.expires_at.map(|end| end.saturating_sub(now))
    }

    /// True when the client may speak for that replica.
    pub fn speaks_for(&self, replica: ReplicaId) -> bool {
        self.replica.is_none_or(|bound| bound == replica)
    }
}

/// Judges tokens.
pub enum Authority {
    /// Everybody may do everything.
    Open,
    /// Tokens that were signed with a key.
    Tokens(Box<TokenKey>),
}

/// The key of a secret, made ready once.
pub struct TokenKey {
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: u64,
    #[serde(default)]
    eyot: BTreeMap<String, Access>,
    #[serde(default)]
    replica: Option<String>,
}

impl Authority {
    /// The authority that takes tokens signed with that secret.
    pub fn of_secret(secret: &Secret) -> Self {
        // The algorithm is fixed here and not taken from the token; the standard claims that are asked for are `exp`,
        // which is checked to the second, and `sub`.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        validation.validate_aud = false;
        validation.set_required_spec_claims(&["exp", "sub"]);
        Self::Tokens(Box::new(TokenKey { key: DecodingKey::from_secret(secret.0.as_bytes()), validation }))
    }

    /// What a client without a token is granted.
    pub fn grant_without_token(&self) -> Option<Grant> {
        matches!(self, Self::Open).then_some(Grant::OPEN)
    }

    /// What this token grants for that database, or the code of the refusal. An open relay looks at no token.
    pub fn grant(&self, token: &str, database: &DatabaseName) -> Result<Grant, Code> {
        let Self::Tokens(tokens) = self else { return Ok(Grant::OPEN) };
        let claims =
            decode::<Claims>(token, &tokens.key, &tokens.validation).map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => Code::TokenExpired,
                _ => Code::Unauthenticated,
            })?;
        let claims = claims.claims;
        let replica =
            claims.replica.map(|text| text.parse()).transpose().map_err(|_| Code::Unauthenticated)?;
        Ok(Grant {
            access: access_to(database, &claims.eyot).ok_or(Code::Forbidden)?,
            subject: Some(claims.sub),
            replica,
            expires_at: Some(Duration::from_secs(claims.exp)),
        })
    }
}

// The pattern that says most decides, so that `{"*": "read", "notes": "write"}` means what it seems to mean. What is
// not a pattern means no database.
fn access_to(database: &DatabaseName, grants: &BTreeMap<String, Access>) -> Option<Access> {
    grants
        .iter()
        .filter_map(|(text, access)| Some((text.parse::<DatabasePattern>().ok()?, *access)))
        .filter(|(pattern, _)| pattern.matches(database))
        .max_by_key(|(pattern, _)| pattern.weight())
        .map(|(_, access)| access)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const FAR: u64 = 4_000_000_000;

    fn token(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
        encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    }

    fn judge(claims: &Value, database: &str) -> Result<Grant, Code> {
        judge_token(&token(Algorithm::HS256, SECRET, claims), database)
    }

    fn judge_token(token: &str, database: &str) -> Result<Grant, Code> {
        Authority::of_secret(&Secret::new(SECRET.into()).unwrap()).grant(token, &database.parse().unwrap())
    }

    #[test]
    fn a_token_grants_what_its_most_telling_pattern_says() {
        let claims =
            json!({ "sub": "u", "exp": FAR, "eyot": { "*": "read", "team-*": "write", "team-x": "read" } });
        for (database, access) in
            [("notes", Access::Read), ("team-a", Access::Write), ("team-x", Access::Read)]
        {
            assert_eq!(judge(&claims, database).unwrap().access, access, "{database}");
        }
    }

    #[test]
    fn a_token_for_other_databases_is_forbidden_here() {
        for eyot in [json!({ "notes": "write" }), json!({}), json!({ "NOT A NAME": "write" })] {
            let claims = json!({ "sub": "u", "exp": FAR, "eyot": eyot });
            assert_eq!(judge(&claims, "tags"), Err(Code::Forbidden), "{claims}");
        }
        assert_eq!(judge(&json!({ "sub": "u", "exp": FAR }), "tags"), Err(Code::Forbidden));
    }

    #[test]
    fn a_token_that_is_not_ours_or_not_whole_is_unauthenticated() {
        let good = json!({ "sub": "u", "exp": FAR, "eyot": { "*": "write" } });
        for token in [
            String::new(),
            "nonsense".into(),
            token(Algorithm::HS256, "another secret of thirty-two bytes", &good),
            token(Algorithm::HS512, SECRET, &good),
            // {"alg":"none"} and the claims, unsigned.
            "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJ1IiwiZXhwIjo0MDAwMDAwMDAwLCJleW90Ijp7IioiOiJ3cml0ZSJ9fQ.".into(),
            token(Algorithm::HS256, SECRET, &json!({ "sub": "u", "eyot": { "*": "write" } })),
            token(Algorithm::HS256, SECRET, &json!({ "exp": FAR, "eyot": { "*": "write" } })),
            token(Algorithm::HS256, SECRET, &json!({ "sub": "u", "exp": FAR, "eyot": { "*": "own" } })),
            token(Algorithm::HS256, SECRET, &json!({ "sub": "u", "exp": FAR, "eyot": { "*": "read" }, "replica": "?" })),
            token(Algorithm::HS256, SECRET, &json!({ "sub": "u", "exp": FAR, "nbf": FAR, "eyot": { "*": "read" } })),
        ] {
            assert_eq!(judge_token(&token, "notes"), Err(Code::Unauthenticated), "{token}");
        }
    }

    #[test]
    fn an_expired_token_says_so() {
        let claims = json!({ "sub": "u", "exp": 1_000_000_000, "eyot": { "*": "write" } });
        assert_eq!(judge(&claims, "notes"), Err(Code::TokenExpired));
    }

    #[test]
    fn a_bound_token_speaks_for_one_replica() {
        let claims = json!({ "sub": "u", "exp": FAR, "eyot": { "*": "write" }, "replica": "a" });
        let grant = judge(&claims, "notes").unwrap();
        assert!(grant.speaks_for(ReplicaId::letter(b'a')));
        assert!(!grant.speaks_for(ReplicaId::letter(b'b')));
    }
}
