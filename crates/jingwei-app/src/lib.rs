//! jingwei-app
