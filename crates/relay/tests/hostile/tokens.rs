//! Tokens that are anything: what they grant is what was signed, and nothing else makes a relay grant anything or fall.
//!
//! Made up from a seed that a failure prints.

use std::time::{SystemTime, UNIX_EPOCH};

use eyot_core::DatabaseName;
use eyot_relay::auth::{Access, Authority, Secret};
use eyot_relay::pattern::DatabasePattern;
use fastrand::Rng;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value, json};

use crate::{pick, repeat};

const SECRET: &str = "a secret of more than thirty-two bytes";
const RUNS: u64 = 2_000;

fn now_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn text(random: &mut Rng) -> String {
    let letters: Vec<char> = "abcnotes-_*0 \u{e9}\u{1f600}\0\"\\".chars().collect();
    let length = pick(random, &[0, 1, 2, 5, 30, 70]);
    (0..length).map(|_| pick(random, &letters)).collect()
}

// What a claim may be said to be: as it should be, nearly so, or something else altogether.
fn claim(random: &mut Rng, good: &Value) -> Option<Value> {
    let odd = json!([null, true, -1, 0, 1.5, 1e300, u64::MAX, "", [], {}, [[]], { "a": 1 }]);
    match random.u8(..10) {
        0..=6 => Some(good.clone()),
        7 => Some(Value::String(text(random))),
        8 => Some(pick(random, odd.as_array().unwrap())),
        _ => None,
    }
}

fn grants(random: &mut Rng) -> Value {
    let mut grants = Map::new();
    for _ in 0..random.u8(..4) {
        let word = text(random);
        let pattern = pick(random, &["*", "notes", "no*", "notes*", "other", "**", "", &word]).to_owned();
        let access = pick(random, &["read", "write", "Write", "admin"]);
        grants.insert(pattern, claim(random, &json!(access)).unwrap_or(json!("read")));
    }
    Value::Object(grants)
}

fn claims(random: &mut Rng) -> Value {
    let now = now_seconds();
    let mut claims = Map::new();
    let good = [
        ("sub", json!("ada")),
        ("exp", json!(pick(random, &[now + 1_000, now + 1_000, now - 1_000, u64::MAX, 0]))),
        ("eyot", grants(random)),
        ("replica", json!(pick(random, &["00112233445566778899aabbccddeeff", "a", "", "zz"]))),
        ("nbf", json!(pick(random, &[0, now - 10, now + 1_000]))),
    ];
    for (name, good) in good {
        claims.extend(claim(random, &good).map(|value| (name.to_owned(), value)));
    }
    Value::Object(claims)
}

/// What the claims grant for a database, read as the documentation says it.
fn expected(claims: &Value, database: &DatabaseName) -> Option<Access> {
    let now = now_seconds();
    claims.get("sub")?.as_str()?;
    claims.get("exp")?.as_u64().filter(|end| *end > now)?;
    // A time may have a fraction.
    let begin = claims.get("nbf").map_or(Some(0.0), Value::as_f64)?;
    let replica = claims.get("replica").filter(|replica| !replica.is_null());
    let is_id = |text: &str| text.parse::<eyot_core::ReplicaId>().is_ok();
    if !(0.0..=now as f64).contains(&begin)
        || replica.is_some_and(|replica| !replica.as_str().is_some_and(is_id))
    {
        return None;
    }
    let mut best: Option<(usize, Access)> = None;
    for (text, access) in claims.get("eyot")?.as_object()? {
        let access = match access.as_str()? {
            "read" => Access::Read,
            "write" => Access::Write,
            _ => return None,
        };
        let Ok(pattern) = text.parse::<DatabasePattern>() else { continue };
        if pattern.matches(database) && best.is_none_or(|(weight, _)| pattern.weight() > weight) {
            best = Some((pattern.weight(), access));
        }
    }
    best.map(|(_, access)| access)
}

fn damage(random: &mut Rng, token: &str) -> String {
    let mut bytes = token.as_bytes().to_vec();
    for _ in 0..random.u8(1..4) {
        let place = random.usize(..bytes.len());
        match random.u8(..4) {
            0 => bytes[place] ^= 1 << random.u8(..7),
            1 => bytes.insert(place, pick(random, b".=-_A0\0")),
            2 => bytes.truncate(place.max(1)),
            _ => bytes.extend_from_within(place..),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn check(random: &mut Rng) {
    let authority = Authority::of_secret(&Secret::new(SECRET.to_owned()).unwrap());
    let database: DatabaseName = "notes".parse().unwrap();
    let claims = claims(random);
    let sign = |algorithm, secret: &str| {
        encode(&Header::new(algorithm), &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    };
    let token = sign(Algorithm::HS256, SECRET);
    let granted = authority.grant(&token, &database).ok().map(|grant| grant.access);
    assert_eq!(granted, expected(&claims, &database), "{claims}");
    let unsigned = token.rsplit_once('.').map(|(head, _)| format!("{head}.")).unwrap();
    let none = token.split_once('.').map(|(_, rest)| format!("eyJhbGciOiJub25lIn0.{rest}")).unwrap();
    let false_ones = [sign(Algorithm::HS256, "another one"), sign(Algorithm::HS512, SECRET), unsigned, none];
    for bad in false_ones.into_iter().chain([text(random), damage(random, &token)]) {
        // The last characters of base64 may say the same bytes in another way.
        if authority.grant(&bad, &database).is_ok() {
            assert!(granted.is_some() && bad.len() == token.len(), "{bad} grants what {token} does not");
        }
    }
}

#[test]
fn a_token_grants_what_was_signed_and_nothing_else_grants_anything() {
    repeat(RUNS, check);
}
