package io.blobstore.server.internal.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** Tells a connection how many bytes arrive, before they are a message. */
final class ByteWatch extends ChannelInboundHandlerAdapter {
    private final Patience patience;

    ByteWatch(Patience patience) {
        this.patience = patience;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf bytes) {
            patience.arrived(bytes.readableBytes());
        }
        ctx.fireChannelRead(message);
    }
}
