package io.blobstore.http;

/** The implementations of TLS. */
public enum TlsEngine {
    /** The first of the others, in this order, that is available. */
    AUTOMATIC,
    /** BoringSSL by netty-tcnative, through netty-handler; uses the least CPU time. */
    OPENSSL,
    /** BoringSSL by Conscrypt. */
    CONSCRYPT,
    /** The JDK's implementation. */
    JDK;

    /** The system property that selects the engine for a process: the name of a constant, in lower case. */
    public static final String PROPERTY = "io.blobstore.http.tlsEngine";
}
