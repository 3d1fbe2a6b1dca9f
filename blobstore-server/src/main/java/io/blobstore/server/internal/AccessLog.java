package io.blobstore.server.internal;

import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line for each request, to the logger {@code io.blobstore.server.access} at level INFO: protocol, client as
 * {@code host:port}, user, operation, resource, outcome, bytes received and sent, milliseconds. Header fields are never
 * logged. Thread-safe.
 */
public final class AccessLog {
    private static final Logger LOG = LoggerFactory.getLogger("io.blobstore.server.access");
    private static final int MAX_TEXT = 256;

    /** A request that has ended. */
    public record Line(
            String protocol,
            @Nullable SocketAddress client,
            String user,
            String operation,
            String resource,
            String outcome,
            long received,
            long sent,
            long nanos) {}

    /** Writes a line. What clients chose is printed without control characters, and cut where it is long. */
    public void write(Line line) {
        if (LOG.isInfoEnabled()) {
            LOG.info(
                    "{} {} {} {} {} {} {} {} {}",
                    line.protocol,
                    client(line.client),
                    line.user.isEmpty() ? "-" : printable(line.user),
                    printable(line.operation),
                    printable(line.resource),
                    line.outcome,
                    line.received,
                    line.sent,
                    String.format(Locale.ROOT, "%.1f", line.nanos / 1e6));
        }
    }

    static String client(@Nullable SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet) || inet.getAddress() == null) {
            return "-";
        }
        String host = inet.getAddress().getHostAddress();
        return (inet.getAddress() instanceof Inet6Address ? '[' + host + ']' : host) + ':' + inet.getPort();
    }

    private static String printable(String text) {
        StringBuilder result = new StringBuilder();
        for (int i = 0; i < Math.min(text.length(), MAX_TEXT); i++) {
            char c = text.charAt(i);
            result.append(c > ' ' && c < 0x7f ? c : '?');
        }
        return text.length() > MAX_TEXT ? result + "..." : result.toString();
    }
}
