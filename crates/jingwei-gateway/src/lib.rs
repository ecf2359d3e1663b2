//! jingwei-gateway
