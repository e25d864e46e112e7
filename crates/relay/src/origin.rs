//! Which web pages may connect: the check of a request's `Origin`. Knows nothing of tokens.

use std::str::FromStr;

/// The pages that may connect. A request without an `Origin` comes from no page, and passes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AllowedOrigins {
    /// Pages from anywhere: what guards the data is the token, which a foreign page does not have.
    Any,
    /// Pages that this machine itself serves. An open relay takes no others, so that no web site that its owner
    /// happens to visit can read the data through it.
    Loopback,
    /// Just these, each as a browser writes it: `https://app.example`.
    Listed(Vec<Origin>),
}

impl AllowedOrigins {
    /// True when a page of that origin may connect.
    pub fn allows(&self, origin: Option<&str>) -> bool {
        let Some(origin) = origin else { return true };
        match self {
            Self::Any => true,
            Self::Loopback => is_loopback(origin),
            Self::Listed(listed) => listed.iter().any(|allowed| allowed.0 == origin),
        }
    }
}

/// An origin as a browser writes it: scheme, host, and the port if it is not the scheme's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin(String);

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        match text.split_once("://") {
            Some((_, host)) if !host.is_empty() && !host.contains(['/', '*', ' ']) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(OriginError),
        }
    }
}

/// The text is not an origin.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an origin (scheme://host or scheme://host:port, without a path)")]
pub struct OriginError;

fn is_loopback(origin: &str) -> bool {
    let Some((_, authority)) = origin.split_once("://") else { return false };
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_relay_takes_only_pages_of_this_machine() {
        for (origin, allowed) in [
            (None, true),
            (Some("http://localhost:5173"), true),
            (Some("http://app.localhost"), true),
            (Some("http://127.0.0.1:4180"), true),
            (Some("http://[::1]:4180"), true),
            (Some("https://site.example"), false),
            (Some("http://localhost.site.example"), false),
            (Some("http://127.0.0.1.site.example"), false),
            (Some("null"), false),
            (Some(""), false),
        ] {
            assert_eq!(AllowedOrigins::Loopback.allows(origin), allowed, "{origin:?}");
        }
    }

    #[test]
    fn a_listed_origin_is_compared_as_a_whole() {
        let listed = AllowedOrigins::Listed(vec!["https://app.example".parse().unwrap()]);
        assert!(listed.allows(Some("https://app.example")));
        for other in ["http://app.example", "https://app.example:8443", "https://app.example.org"] {
            assert!(!listed.allows(Some(other)), "{other}");
        }
    }

    #[test]
    fn an_origin_has_a_scheme_and_no_path() {
        assert!("https://app.example:8443".parse::<Origin>().is_ok());
        for bad in ["app.example", "https://", "https://app.example/", "https://*.example", ""] {
            assert_eq!(bad.parse::<Origin>(), Err(OriginError), "{bad}");
        }
    }
}
