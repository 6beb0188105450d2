// The page of the talk. What is on slide 21 is as it was there, down to the line that removes the lines; what the slide
// leaves out is ours.

$(function() {
    var
    WEB_SOCKET_SWF_LOCATION = '/static/js/socketio/WebSocketMain.swf',
    socket = io.connect('/chat');

    socket.on('connect', function () {
        $('#chat').addClass('connected');
        socket.emit('join', window.room);
    });

    socket.on('announcement', function (msg) {
        $('#lines').append($('<p>').append($('<em>').text(msg)));
    });

    socket.on('nicknames', function (nicknames) {
        $('#nicknames').empty().append($('<span>Online: </span>'));
        for (var i in nicknames) {
            $('#nicknames').append($('<b>').text(nicknames[i]));
        }
    });

    socket.on('msg_to_room', message);

    socket.on('reconnect', function () {
        $('#lines').remove();
        message('System', 'Reconnected to the server');
    });

    socket.on('reconnecting', function () {
        message('System', 'Attempting to re-connect to the server');
    });

    // The slide ends here.

    window.socket = socket;

    function message(from, msg) {
        $('#lines').append($('<p>').append($('<b>').text(from)).append($('<span>').text(msg)));
    }

    $('#set-nickname').submit(function () {
        socket.emit('nickname', $('#nick').val(), function (set) {
            if (set) {
                $('#chat').addClass('nickname-set');
            } else {
                $('#nickname-err').show();
            }
        });
    });

    $('#send-message').submit(function () {
        var text = $('#message').val();
        message('me', text);
        socket.emit('user message', text);
        $('#message').val('');
    });
});
