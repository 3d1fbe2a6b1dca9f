package io.blobstore.server.internal.http;

import io.blobstore.server.internal.AccessControl;
import io.blobstore.server.internal.AccessControl.Decision;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.ssl.SslHandler;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks whether requests of a connection may go on. */
final class Admission {
    private static final Logger LOG = LoggerFactory.getLogger(Admission.class);

    private Admission() {}

    /**
     * Decides about a request.
     *
     * @param then receives the decision, on the event loop
     */
    static void decide(
            AccessControl access, ChannelHandlerContext context, Exchange exchange, Consumer<Decision> then) {
        String authorization = exchange.head.headers().get(HttpHeaderNames.AUTHORIZATION);
        access.decide(exchange.access(), authorization, isCertified(context), decision -> {
            if (context.executor().inEventLoop()) {
                then.accept(decision);
                return;
            }
            try {
                context.executor().execute(() -> then.accept(decision));
            } catch (RejectedExecutionException e) {
                LOG.debug("the server was closed while a password was checked", e);
            }
        });
    }

    private static boolean isCertified(ChannelHandlerContext context) {
        SslHandler tls = context.pipeline().get(SslHandler.class);
        if (tls == null) {
            return false;
        }
        try {
            return tls.engine().getSession().getPeerCertificates().length > 0;
        } catch (SSLPeerUnverifiedException e) {
            return false;
        }
    }
}
