package io.blobstore.http;

/** An implementation of TLS. */
public enum TlsEngine {
    /** The first of the others that is available. */
    AUTOMATIC,
    /** BoringSSL by netty-tcnative, through netty-handler: it needs the least CPU time. */
    OPENSSL,
    /** BoringSSL by Conscrypt. */
    CONSCRYPT,
    /** The JDK's own. */
    JDK;

    /** The system property that chooses for a whole process: one of these names, in lower case. */
    public static final String PROPERTY = "io.blobstore.http.tlsEngine";
}
