@echo off
rem Trains the model of one stock, e.g. TRAIN_LSTM_SINGLE.bat CBA.AX
setlocal
set "SYMBOL="
if "%~1"=="" set /p "SYMBOL=Symbol, such as CBA.AX or AAPL: "
call "%~dp0overnight.cmd" train %SYMBOL% %*
set "CODE=%errorlevel%"
echo.
if not "%CODE%"=="0" echo Exit code %CODE%: the reason is above; VERIFY_INSTALLATION.bat checks this machine.
echo Next: windows\overnight.cmd screen with the symbol uses its model.
pause
exit /b %CODE%
