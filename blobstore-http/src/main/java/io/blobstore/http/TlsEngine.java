package io.blobstore.http;

/** Which implementation of TLS encrypts. */
public enum TlsEngine {
    /** The first of the others that is there. */
    AUTOMATIC,
    /** BoringSSL by netty-tcnative, through netty-handler: the cheapest. */
    OPENSSL,
    /** BoringSSL by Conscrypt. */
    CONSCRYPT,
    /** The JDK's own. */
    JDK;

    /** The system property that chooses for a whole process: one of these names, in lower case. */
    public static final String PROPERTY = "io.blobstore.http.tlsEngine";
}
