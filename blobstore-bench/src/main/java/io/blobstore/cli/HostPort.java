package io.blobstore.cli;

import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts {@code host:port} to an address to listen on; a host of IPv6 is in brackets. */
final class HostPort implements ITypeConverter<InetSocketAddress> {
    private static final Pattern SYNTAX = Pattern.compile("(\\[[0-9a-fA-F:.%]+]|[^:\\[\\]]+):([0-9]{1,5})");
    private static final int MAX_PORT = 0xffff;

    @Override
    public InetSocketAddress convert(String text) {
        Matcher address = SYNTAX.matcher(text);
        int port = address.matches() ? Integer.parseInt(address.group(2)) : -1;
        if (port < 0 || port > MAX_PORT) {
            throw new TypeConversionException("'" + text
                    + "' is not an address: write HOST:PORT, as in localhost:8080, [::1]:8080, or 0.0.0.0:8080");
        }
        InetSocketAddress resolved = new InetSocketAddress(address.group(1), port);
        if (resolved.isUnresolved()) {
            throw new TypeConversionException("there is no host '" + address.group(1) + "'");
        }
        return resolved;
    }

    /** Formats an address for a URL. */
    static String text(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.contains(":") ? '[' + host + ']' : host) + ':' + address.getPort();
    }
}
