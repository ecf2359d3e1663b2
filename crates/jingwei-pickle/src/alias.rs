//! One name for each thing that goes by several: modules that were renamed, moved, or written in C.

/// The name that a class of scikit-learn has since its inner modules begin with an underscore: `sklearn.linear_model.huber.X` is
/// `sklearn.linear_model._huber.X`.
pub(crate) fn underscored(name: &str) -> Option<String> {
    let (module, class) = name.strip_prefix("sklearn.")?.rsplit_once('.')?;
    let (package, inner) = module.rsplit_once('.')?;
    (!inner.starts_with('_')).then(|| format!("sklearn.{package}._{inner}.{class}"))
}

/// Modules of Python 2 that unpicklers of Python 3 rename (CPython's `_compat_pickle`), and others that are the
/// same module under two names.
const MODULES: &[(&str, &str)] = &[
    ("__builtin__", "builtins"),
    ("copy_reg", "copyreg"),
    ("exceptions", "builtins"),
    ("Queue", "queue"),
    ("SocketServer", "socketserver"),
    ("ConfigParser", "configparser"),
    ("repr", "reprlib"),
    ("_winreg", "winreg"),
    ("thread", "_thread"),
    ("xmlrpclib", "xmlrpc.client"),
    ("SimpleXMLRPCServer", "xmlrpc.server"),
    ("DocXMLRPCServer", "xmlrpc.server"),
    ("httplib", "http.client"),
    ("HTMLParser", "html.parser"),
    ("Cookie", "http.cookies"),
    ("cookielib", "http.cookiejar"),
    ("BaseHTTPServer", "http.server"),
    ("SimpleHTTPServer", "http.server"),
    ("CGIHTTPServer", "http.server"),
    ("test.test_support", "test.support"),
    ("commands", "subprocess"),
    ("urlparse", "urllib.parse"),
    ("robotparser", "urllib.robotparser"),
    ("urllib2", "urllib.request"),
    ("anydbm", "dbm"),
    ("dbhash", "dbm.bsd"),
    ("dumbdbm", "dbm.dumb"),
    ("gdbm", "dbm.gnu"),
    ("whichdb", "dbm"),
    ("_abcoll", "collections.abc"),
    ("_collections_abc", "collections.abc"),
    ("UserDict", "collections"),
    ("UserList", "collections"),
    ("UserString", "collections"),
    ("cPickle", "pickle"),
    ("_pickle", "pickle"),
    ("cProfile", "profile"),
    ("StringIO", "io"),
    ("cStringIO", "io"),
    ("_io", "io"),
    ("_pyio", "io"),
    ("posix", "os"),
    ("nt", "os"),
    ("_operator", "operator"),
    ("_functools", "functools"),
    ("_collections", "collections"),
    ("_datetime", "datetime"),
    ("_pydatetime", "datetime"),
    ("_decimal", "decimal"),
    ("_pydecimal", "decimal"),
    ("_random", "random"),
    ("_struct", "struct"),
    ("_socket", "socket"),
    ("_ssl", "ssl"),
    ("_ctypes", "ctypes"),
    ("_posixsubprocess", "subprocess"),
    ("_sqlite3", "sqlite3"),
    ("_imp", "imp"),
    ("_frozen_importlib", "importlib._bootstrap"),
    ("_frozen_importlib_external", "importlib._bootstrap_external"),
    ("_elementtree", "xml.etree.ElementTree"),
    ("pathlib._local", "pathlib"),
    ("dill.dill", "dill._dill"),
    ("dill._dill", "dill._dill"),
    ("cloudpickle.cloudpickle_fast", "cloudpickle.cloudpickle"),
];

/// Packages that moved with everything below them.
const PACKAGES: &[(&str, &str)] = &[
    ("numpy.core", "numpy._core"),
    ("sklearn.externals.joblib", "joblib"),
    ("joblib.externals.cloudpickle", "cloudpickle"),
    ("joblib.externals.loky", "loky"),
    ("pandas.indexes", "pandas.core.indexes"),
    ("sklearn.externals.six.moves", "six.moves"),
    ("scipy.sparse.csr", "scipy.sparse._csr"),
    ("scipy.sparse.csc", "scipy.sparse._csc"),
    ("scipy.sparse.coo", "scipy.sparse._coo"),
    ("scipy.sparse.bsr", "scipy.sparse._bsr"),
    ("scipy.sparse.dia", "scipy.sparse._dia"),
    ("scipy.sparse.dok", "scipy.sparse._dok"),
    ("scipy.sparse.lil", "scipy.sparse._lil"),
];

/// Single names that changed module or name.
const NAMES: &[(&str, &str)] = &[
    ("__builtin__.xrange", "builtins.range"),
    ("__builtin__.reduce", "functools.reduce"),
    ("__builtin__.intern", "sys.intern"),
    ("__builtin__.unichr", "builtins.chr"),
    ("__builtin__.unicode", "builtins.str"),
    ("__builtin__.basestring", "builtins.str"),
    ("__builtin__.long", "builtins.int"),
    ("__builtin__.raw_input", "builtins.input"),
    ("__builtin__.execfile", "builtins.exec"),
    ("__builtin__.reload", "importlib.reload"),
    ("itertools.izip", "builtins.zip"),
    ("itertools.imap", "builtins.map"),
    ("itertools.ifilter", "builtins.filter"),
    ("itertools.ifilterfalse", "itertools.filterfalse"),
    ("itertools.izip_longest", "itertools.zip_longest"),
    ("UserDict.IterableUserDict", "collections.UserDict"),
    ("urllib.quote", "urllib.parse.quote"),
    ("urllib.quote_plus", "urllib.parse.quote_plus"),
    ("urllib.unquote", "urllib.parse.unquote"),
    ("urllib.unquote_plus", "urllib.parse.unquote_plus"),
    ("urllib.urlencode", "urllib.parse.urlencode"),
    ("urllib.urlopen", "urllib.request.urlopen"),
    ("urllib.urlretrieve", "urllib.request.urlretrieve"),
    ("os.getcwdu", "os.getcwd"),
    ("_io._RawIOBase", "io.RawIOBase"),
    ("importlib._bootstrap.__import__", "builtins.__import__"),
    ("importlib.__import__", "builtins.__import__"),
    ("builtins.StandardError", "builtins.Exception"),
    ("exceptions.StandardError", "builtins.Exception"),
    ("operator.__getitem__", "operator.getitem"),
    ("operator.__call__", "operator.call"),
];

/// What `import … as` makes of a module, by habit.
const SHORT: &[(&str, &str)] = &[
    ("np", "numpy"),
    ("pd", "pandas"),
    ("tf", "tensorflow"),
    ("sp", "subprocess"),
    ("mp", "multiprocessing"),
    ("pkl", "pickle"),
    ("osp", "os.path"),
    ("_builtin", "builtins"),
    ("_builtins", "builtins"),
];

/// The modules that an attribute of another module may be: itself, and what it hides (`_os`) or shortens (`np`).
pub(crate) fn shown_as(attribute: &str) -> impl Iterator<Item = &str> {
    let bare = attribute.trim_start_matches('_');
    let hidden = (bare.len() < attribute.len() && !attribute.ends_with('_')).then_some(bare);
    let short = SHORT.iter().find(|(short, _)| *short == attribute || *short == bare).map(|(_, module)| *module);
    [Some(attribute), hidden, short].into_iter().flatten()
}

/// The dotted name of `name` in `module` that the lists of names know.
pub(crate) fn canonical(module: &str, name: &str) -> String {
    let full = format!("{module}.{name}");
    if let Some((_, renamed)) = NAMES.iter().find(|(old, _)| *old == full) {
        return (*renamed).to_owned();
    }
    let renamed = module_of(module).map(|module| format!("{module}.{name}"));
    let full = renamed.unwrap_or(full);
    match NAMES.iter().find(|(old, _)| *old == full) {
        Some((_, renamed)) => (*renamed).to_owned(),
        None => full,
    }
}

fn module_of(module: &str) -> Option<String> {
    if let Some((_, renamed)) = MODULES.iter().find(|(old, _)| *old == module) {
        return Some((*renamed).to_owned());
    }
    PACKAGES.iter().find_map(|(old, renamed)| {
        let rest = module.strip_prefix(old)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| format!("{renamed}{rest}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_have_one_name() {
        for (module, name, expected) in [
            ("__builtin__", "eval", "builtins.eval"),
            ("__builtin__", "xrange", "builtins.range"),
            ("posix", "system", "os.system"),
            ("cPickle", "loads", "pickle.loads"),
            ("numpy.core.multiarray", "scalar", "numpy._core.multiarray.scalar"),
            ("numpy.core", "x", "numpy._core.x"),
            ("numpy.corex", "x", "numpy.corex.x"),
            ("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper", "joblib.numpy_pickle.NumpyArrayWrapper"),
            ("exceptions", "ValueError", "builtins.ValueError"),
            ("_operator", "__call__", "operator.call"),
            ("collections", "OrderedDict", "collections.OrderedDict"),
        ] {
            assert_eq!(canonical(module, name), expected);
        }
    }
}
