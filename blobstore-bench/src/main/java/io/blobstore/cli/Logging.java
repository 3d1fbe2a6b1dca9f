package io.blobstore.cli;

import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Configures logging: off by default, so that a failure is one line.
 *
 * <p>The details that {@code --verbose} adds are those of this library only. At DEBUG the SDKs log the requests that
 * they sign, including session tokens and customer keys.
 */
final class Logging {
    /** Only servers need it: other commands start without java.util.logging. */
    private static final class Grpc {
        /** Warns of each client that goes away in mid-read. Referenced, as its level would be forgotten otherwise. */
        static final Logger CONNECTIONS = Logger.getLogger("io.grpc.netty.shaded.io.grpc.netty.NettyServerHandler");
    }

    private Logging() {}

    /** Configures logging. Must be called before the first logger is created: slf4j-simple reads its settings once. */
    static void configure(boolean verbose) {
        set("defaultLogLevel", verbose ? "info" : "off");
        if (verbose) {
            set("log.io.blobstore", "debug");
        }
        set("showThreadName", "true");
        set("showShortLogName", "true");
    }

    /** Configures logging of a server, whose warnings are always of interest. Before the first logger is created. */
    static void configureServer(boolean verbose, boolean accessLog) {
        if (!verbose) {
            set("log.io.blobstore", "warn");
        }
        set("log.io.blobstore.server.access", accessLog ? "info" : "off");
        Grpc.CONNECTIONS.setLevel(Level.SEVERE);
    }

    private static void set(String name, String value) {
        String property = "org.slf4j.simpleLogger." + name;
        if (System.getProperty(property) == null) { // the user's setting takes precedence
            System.setProperty(property, value);
        }
    }
}
