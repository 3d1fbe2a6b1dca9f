package io.blobstore.server.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

/** Tests how clients are named in the access log, whatever they speak. */
class AccessLogTest {
    @Test
    void clientsAreNamedByHostAndPort() throws UnknownHostException {
        InetAddress named = InetAddress.getByAddress("host.example", new byte[] {127, 0, 0, 1});
        assertThat(AccessLog.client(new InetSocketAddress(named, 5))).isEqualTo("127.0.0.1:5");
        assertThat(AccessLog.client(new InetSocketAddress("::1", 70))).isEqualTo("[0:0:0:0:0:0:0:1]:70");
        assertThat(AccessLog.client(InetSocketAddress.createUnresolved("host.example", 5)))
                .isEqualTo("-");
        assertThat(AccessLog.client(null)).isEqualTo("-");
    }
}
