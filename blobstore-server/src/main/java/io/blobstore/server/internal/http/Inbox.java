package io.blobstore.server.internal.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * The messages that have arrived: taken one at a time, and only when the next one is wanted. The socket is read when
 * none is left, so that those of one read wait at most. Used by one event loop only.
 */
final class Inbox {
    private final ChannelHandlerContext context;
    private final Patience patience;
    private final Consumer<Object> taker;
    private final Deque<Object> messages = new ArrayDeque<>();
    private boolean wanted;
    private boolean delivering;

    /**
     * Creates an empty inbox.
     *
     * @param taker takes a message, and releases it
     */
    Inbox(ChannelHandlerContext context, Patience patience, Consumer<Object> taker) {
        this.context = context;
        this.patience = patience;
        this.taker = taker;
    }

    /** Adds a message that has arrived. */
    void add(Object message) {
        messages.add(message);
        deliver();
    }

    /** Returns how many messages wait. */
    int size() {
        return messages.size();
    }

    /** Has the next message taken as soon as it is there, and the one being taken is done with. */
    void next() {
        wanted = true;
        deliver();
    }

    private void deliver() {
        if (delivering) {
            return; // the loop below goes on, instead of a recursion of any depth
        }
        delivering = true;
        try {
            while (wanted) {
                Object message = messages.poll();
                if (message == null) {
                    patience.waits();
                    context.read();
                    break;
                }
                wanted = false;
                patience.messageArrived();
                taker.accept(message);
            }
        } finally {
            delivering = false;
        }
    }

    /** Drops the messages that wait. */
    void clear() {
        messages.forEach(ReferenceCountUtil::release);
        messages.clear();
    }
}
